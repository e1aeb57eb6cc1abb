using System.Buffers.Binary;
using System.Text;

namespace Conformance.Guest;

/// <summary>What a kernel says of its own types (.BTF: include/uapi/linux/btf.h, v6.18): where members of structures
/// lie, and values of enumerations.</summary>
public sealed class Btf
{
    private const ushort Magic = 0xEB9F;
    private const int HeaderSize = 24;

    /// <summary>The anonymous structures in a structure are members without a name; it is not nested deeper.</summary>
    private const int DepthMax = 16;

    private readonly List<Kind> types = [new Kind(0, "", 0, [])];
    private readonly Dictionary<string, int> structures = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int?> offsets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> enumerations = new(StringComparer.Ordinal);

    /// <summary>Reads a section.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public Btf(ReadOnlySpan<byte> section)
    {
        if (section.Length < HeaderSize || BinaryPrimitives.ReadUInt16LittleEndian(section) != Magic)
        {
            throw new FormatException("no BTF: its magic number is missing");
        }

        int header = Int(section, 4);
        ReadOnlySpan<byte> records = section.Slice(header + Int(section, 8), Int(section, 12));
        ReadOnlySpan<byte> strings = section.Slice(header + Int(section, 16), Int(section, 20));
        for (int at = 0; at < records.Length;)
        {
            at += Add(records[at..], strings);
        }
    }

    /// <summary>Where a member lies in a structure, in bytes; null when there is none of that name.</summary>
    /// <param name="path"><c>folio._large_mapcount</c>, <c>mm_struct.rss_stat</c>.</param>
    public int? Offset(string path)
    {
        if (!offsets.TryGetValue(path, out int? offset))
        {
            offset = FindPath(path.Split('.'));
            offsets.Add(path, offset);
        }

        return offset;
    }

    /// <summary>Bytes of a structure; null when there is none of that name.</summary>
    public int? Size(string structure) =>
        structures.TryGetValue(structure, out int type) ? types[type].Size : null;

    /// <summary>The value of a name in an enumeration; null when there is none.</summary>
    /// <param name="enumeration"><c>pageflags</c>.</param>
    /// <param name="name"><c>PG_head</c>.</param>
    public int? Value(string enumeration, string name) =>
        enumerations.TryGetValue(enumeration, out int type)
            && types[type].Members.FirstOrDefault(member => member.Name == name) is { Name: not null } found
            ? found.Type
            : null;

    private static int Int(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt32LittleEndian(bytes[at..]);

    private static string Text(ReadOnlySpan<byte> strings, int at)
    {
        ReadOnlySpan<byte> rest = strings[at..];
        return Encoding.ASCII.GetString(rest[..rest.IndexOf((byte)0)]);
    }

    /// <summary>Bytes that follow the common part of a record.</summary>
    private static int Extra(int kind, int count) => kind switch
    {
        1 or 14 or 17 => 4,                 // integer, variable, declaration tag
        3 => 12,                            // array
        4 or 5 or 15 or 19 => 12 * count,   // structure, union, section, enumeration of 64 bits
        6 or 13 => 8 * count,               // enumeration, function
        _ => 0,
    };

    private int? FindPath(string[] names)
    {
        if (!structures.TryGetValue(names[0], out int type))
        {
            return null;
        }

        int offset = 0;
        foreach (string name in names[1..])
        {
            if (Find(type, name, 0) is not { } member)
            {
                return null;
            }

            offset += member.Offset;
            type = member.Type;
        }

        return offset;
    }

    private int Add(ReadOnlySpan<byte> record, ReadOnlySpan<byte> strings)
    {
        const int CommonSize = 12;
        int info = Int(record, 4);
        int kind = (info >> 24) & 0x1F;
        int count = info & 0xFFFF;
        bool bitfields = info < 0;
        string name = Text(strings, Int(record, 0));
        Member[] members = kind is 4 or 5 or 6 ? new Member[count] : [];
        for (int i = 0; i < members.Length; i++)
        {
            ReadOnlySpan<byte> member = record[(CommonSize + i * (kind == 6 ? 8 : 12))..];
            int bits = kind == 6 ? 0 : Int(member, 8);
            members[i] = new Member(
                Text(strings, Int(member, 0)), Int(member, 4), (bitfields ? bits & 0xFFFFFF : bits) / 8);
        }

        if (name.Length > 0 && kind is 4)
        {
            structures.TryAdd(name, types.Count);
        }
        else if (name.Length > 0 && kind is 6)
        {
            enumerations.TryAdd(name, types.Count);
        }

        types.Add(new Kind(kind, name, Int(record, 8), members));
        return CommonSize + Extra(kind, count);
    }

    private (int Offset, int Type)? Find(int type, string name, int depth)
    {
        foreach (Member member in depth < DepthMax ? types[type].Members : [])
        {
            int inner = Strip(member.Type);
            if (member.Name == name)
            {
                return (member.Offset, inner);
            }

            if (member.Name.Length == 0 && Find(inner, name, depth + 1) is { } found)
            {
                return (member.Offset + found.Offset, found.Type);
            }
        }

        return null;
    }

    /// <summary>What a typedef, const, volatile, restrict or tag stands for.</summary>
    private int Strip(int type)
    {
        while (types[type].Tag is 8 or 9 or 10 or 11 or 18)
        {
            type = types[type].Size;
        }

        return type;
    }

    /// <summary>A type.</summary>
    /// <param name="Tag">BTF_KIND_*.</param>
    /// <param name="Name">Its name; empty when it has none.</param>
    /// <param name="Size">Bytes, or the type that it stands for.</param>
    /// <param name="Members">Of structures, unions and enumerations.</param>
    private sealed record Kind(int Tag, string Name, int Size, Member[] Members);

    /// <summary>A member of a type.</summary>
    /// <param name="Name">Its name; empty when it has none.</param>
    /// <param name="Type">Its type, or the value of an enumeration's name.</param>
    /// <param name="Offset">In bytes.</param>
    private readonly record struct Member(string Name, int Type, int Offset);
}
