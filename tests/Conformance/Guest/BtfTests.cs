using System.Buffers.Binary;
using System.Text;
using Conformance.Guest;
using Xunit;

namespace Tests.Conformance.Guest;

public class BtfTests
{
    private const int Int = 1;
    private const int Struct = 4;
    private const int Union = 5;
    private const int Enum = 6;
    private const int Typedef = 8;

    [Fact]
    public void Members_are_found_by_path_through_typedefs_and_what_has_no_name()
    {
        Btf btf = new(Sample());
        Assert.Equal(0, btf.Offset("page.flags"));
        Assert.Equal(8, btf.Offset("page.mapping"));
        Assert.Equal(8, btf.Offset("page.compound_head"));
        Assert.Equal(16, btf.Offset("page._refcount.counter"));
        Assert.Equal(24, btf.Size("page"));
    }

    [Fact]
    public void What_a_kernel_does_not_have_is_null()
    {
        Btf btf = new(Sample());
        Assert.Null(btf.Offset("page._pincount"));
        Assert.Null(btf.Offset("folio.flags"));
        Assert.Null(btf.Offset("page.flags.counter"));
        Assert.Null(btf.Size("folio"));
        Assert.Null(btf.Value("pageflags", "PG_none"));
        Assert.Null(btf.Value("zone", "PG_head"));
    }

    [Fact]
    public void Names_of_an_enumeration_have_their_values()
    {
        Btf btf = new(Sample());
        Assert.Equal(0, btf.Value("pageflags", "PG_locked"));
        Assert.Equal(6, btf.Value("pageflags", "PG_head"));
    }

    [Fact]
    public void What_is_no_BTF_is_refused()
    {
        Assert.Throws<FormatException>(() => new Btf([]));
        Assert.Throws<FormatException>(() => new Btf(new byte[64]));
    }

    [Fact]
    public void Symbols_are_read_from_lines_and_of_two_with_one_name_the_first_counts()
    {
        Dictionary<string, ulong> symbols = KernelFacts.Parse(
            ["init_task ffffffff82a0f940", "init_task 1", "swap_info zz", "garbage"]);
        Assert.Equal(0xFFFF_FFFF_82A0_F940UL, Assert.Single(symbols).Value);
        Assert.Equal("init_task", symbols.Keys.Single());
    }

    /// <summary>struct page { unsigned long flags; union { struct { void *mapping; }; unsigned long compound_head; };
    /// atomic_t _refcount; } with atomic_t a typedef, and enum pageflags.</summary>
    private static byte[] Sample()
    {
        MemoryStream types = new();
        MemoryStream strings = new();
        strings.WriteByte(0);
        Type(types, Name(strings, "long"), Int, 0, 8);                                      // 1
        Words(types, 64);
        Type(types, 0, Struct, 1, 8);                                                       // 2
        Words(types, Name(strings, "mapping"), 1, 0);
        Type(types, 0, Union, 2, 8);                                                        // 3
        Words(types, 0, 2, 0, Name(strings, "compound_head"), 1, 0);
        Type(types, 0, Struct, 1, 4);                                                       // 4
        Words(types, Name(strings, "counter"), 1, 0);
        Type(types, Name(strings, "atomic_t"), Typedef, 0, 4);                              // 5
        Type(types, Name(strings, "page"), Struct, 3, 24);                                  // 6
        Words(types, Name(strings, "flags"), 1, 0, 0, 3, 64, Name(strings, "_refcount"), 5, 128);
        Type(types, Name(strings, "pageflags"), Enum, 2, 4);                                // 7
        Words(types, Name(strings, "PG_locked"), 0, Name(strings, "PG_head"), 6);

        MemoryStream section = new();
        Words(section, 0x0001_EB9F, 24, 0, (int)types.Length, (int)types.Length, (int)strings.Length);
        section.Write(types.ToArray());
        section.Write(strings.ToArray());
        return section.ToArray();
    }

    private static int Name(MemoryStream strings, string name)
    {
        int at = (int)strings.Length;
        strings.Write(Encoding.ASCII.GetBytes($"{name}\0"));
        return at;
    }

    private static void Type(MemoryStream types, int name, int kind, int members, int size) =>
        Words(types, name, (kind << 24) | members, size);

    private static void Words(MemoryStream into, params int[] words)
    {
        foreach (int word in words)
        {
            byte[] bytes = new byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(bytes, word);
            into.Write(bytes);
        }
    }
}
