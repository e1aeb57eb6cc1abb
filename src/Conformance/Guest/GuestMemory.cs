using System.Buffers.Binary;
using System.Globalization;

namespace Conformance.Guest;

/// <summary>The kernel's own state, read from the guest's memory from outside, which changes nothing there. The guest
/// is at rest between operations, so what is read is consistent.</summary>
/// <remarks>Addresses come from the kernel's symbols, offsets from its BTF; both are kept beside the kernel. Good until
/// the guest is restarted.</remarks>
public sealed class GuestMemory : IDisposable
{
    /// <summary>__START_KERNEL_map (arch/x86/include/asm/page_64_types.h, v6.18); nokaslr leaves phys_base 0.</summary>
    private const ulong KernelMap = 0xFFFF_FFFF_8000_0000;

    /// <summary>Region that the programs' pages lie in: REGION of the agent.</summary>
    private const ulong Region = 0x1000_0000;

    private const ulong AddressMask = 0x000F_FFFF_FFFF_F000;
    private const ulong Present = 1;
    private const ulong Leaf = 0x80;
    private const int PageShift = 12;
    private const int LevelBits = 9;
    private const int TasksMax = 4096;

    private static readonly string[] SymbolNames =
    [
        "init_top_pgt", "vmemmap_base", "page_offset_base", "__start_BTF", "__stop_BTF", "init_task", "swap_info",
        "__per_cpu_offset",
    ];

    private readonly PhysicalMemory physical;
    private readonly Dictionary<string, ulong> symbols;
    private readonly Btf btf;
    private readonly int cpus;
    private readonly ulong pages;
    private readonly ulong direct;
    private readonly ulong pageSize;

    /// <summary>Opens the memory of a guest that runs.</summary>
    /// <exception cref="GuestException">The guest is gone, or its kernel does not show its symbols.</exception>
    public GuestMemory(KernelGuest guest)
    {
        physical = new PhysicalMemory(guest.Memory);
        symbols = KernelFacts.Symbols(guest, SymbolNames);
        btf = KernelFacts.Types(guest, () =>
        {
            byte[] section = new byte[symbols["__stop_BTF"] - symbols["__start_BTF"]];
            physical.Read(symbols["__start_BTF"] - KernelMap, section);
            return section;
        });
        cpus = guest.Cpus;
        direct = physical.Word(symbols["page_offset_base"] - KernelMap);
        pages = physical.Word(symbols["vmemmap_base"] - KernelMap);
        pageSize = (ulong)(btf.Size("page") ?? throw new GuestException("the kernel's BTF has no struct page"));
    }

    /// <summary>The number of a page flag in this kernel (enum pageflags), or null when it has none of that name.
    /// </summary>
    /// <param name="name"><c>PG_anon_exclusive</c>.</param>
    public int? FlagBit(string name) => btf.Value("pageflags", name);

    /// <summary>The folio of a frame.</summary>
    public FolioState Folio(ulong frame)
    {
        ulong page = pages + frame * pageSize;
        ulong head = HeadOf(page);
        ulong flags = Word(head);
        bool large = FlagBit("PG_head") is { } bit && ((flags >> bit) & 1) != 0;
        return new FolioState(
            (head - pages) / pageSize, large ? OrderOf(head) : 0, flags, Int(head, "page._refcount") ?? 0,
            (Int(page, "page._mapcount") ?? -1) + 1,
            large ? Int(head, "folio._large_mapcount") + 1 : null,
            large ? Int(head, "folio._entire_mapcount") + 1 : null,
            large ? Int(head, "folio._nr_pages_mapped") : null,
            large ? Int(head, "folio._pincount") : null,
            large ? IsPartiallyMapped(head) : null,
            large ? IsQueued(head) : null,
            Word(head + Offset("folio.mapping")), Word(page), physical.Word(frame << PageShift));
    }

    /// <summary>Whether a folio is one of KSM: its mapping is a stable node's (FOLIO_MAPPING_KSM).</summary>
    public static bool IsMerged(FolioState folio) => (folio.Mapping & 3) == 3;

    /// <summary>The anon_vma of a folio, or null when it has none: it is not anonymous, or one of KSM.</summary>
    public AnonVmaState? AnonVmaOf(FolioState folio)
    {
        // PAGE_MAPPING_ANON alone; with the second bit it is a stable node (include/linux/page-flags.h, v6.18).
        if ((folio.Mapping & 3) != 1)
        {
            return null;
        }

        ulong at = folio.Mapping & ~3UL;
        return new AnonVmaState(
            at, Word(at + Offset("anon_vma.root")), Int(at, "anon_vma.refcount") ?? 0,
            Long(at, "anon_vma.num_children"), Long(at, "anon_vma.num_active_vmas"));
    }

    /// <summary>The mm_struct of a process, or null when there is no such process.</summary>
    /// <param name="pid">As <c>pids</c> says.</param>
    public ulong? MmOf(int pid)
    {
        ulong first = symbols["init_task"];
        ulong link = Offset("task_struct.tasks");
        ulong task = first;
        for (int seen = 0; seen < TasksMax; seen++)
        {
            if (Int(task, "task_struct.pid") == pid)
            {
                return Word(task + Offset("task_struct.mm")) is not 0 and ulong mm ? mm : null;
            }

            task = Word(task + link) - link;
            if (task == first)
            {
                break;
            }
        }

        return null;
    }

    /// <summary>The exact counters of a process; null where the kernel keeps them in another way (before
    /// 6.2).</summary>
    /// <param name="mm">As <see cref="MmOf"/> says.</param>
    public RssState? RssOf(ulong mm)
    {
        if (btf.Size("percpu_counter") is not { } size || btf.Offset("mm_struct.rss_stat.count") is not null)
        {
            return null;
        }

        Span<long> sums = stackalloc long[4];
        for (int i = 0; i < sums.Length; i++)
        {
            ulong counter = mm + Offset("mm_struct.rss_stat") + (ulong)(i * size);
            sums[i] = (long)Word(counter + Offset("percpu_counter.count"));
            ulong parts = Word(counter + Offset("percpu_counter.counters"));
            for (int cpu = 0; cpu < cpus; cpu++)
            {
                ulong shift = Word(symbols["__per_cpu_offset"] + (ulong)(cpu * sizeof(ulong)));
                sums[i] += (int)Word(unchecked(parts + shift));
            }
        }

        return new RssState(sums[0], sums[1], sums[2], sums[3]);
    }

    /// <summary>The entry that maps a page of the region.</summary>
    /// <param name="mm">As <see cref="MmOf"/> says.</param>
    /// <param name="page">0-based.</param>
    /// <returns>The entry as it is, and whether it is one of a page's own rather than of a whole table; zero when there
    /// is no table.</returns>
    public (ulong Entry, bool OfPage) EntryOf(ulong mm, int page)
    {
        ulong root = Physical(Word(mm + Offset("mm_struct.pgd")));
        (ulong entry, int level) = Walk(root, Region + ((ulong)page << PageShift));
        return (entry, level == 0);
    }

    /// <summary>How many entries name a slot of the first swap device; null when it is off.</summary>
    /// <param name="slot">The offset that an entry has.</param>
    public int? SwapCount(ulong slot)
    {
        const int CountMask = 0x3F;
        ulong device = Word(symbols["swap_info"]);
        if (device == 0 || (Word(device + Offset("swap_info_struct.flags")) & 1) == 0)
        {
            return null;
        }

        if (btf.Offset("swap_info_struct.swap_map") is not { } offset)
        {
            return CountInTable(device, slot);
        }

        ulong count = Word(device + (ulong)offset) + slot;
        return (int)(Word(count & ~7UL) >> (int)((count & 7) * 8)) & CountMask;
    }

    /// <inheritdoc />
    public void Dispose() => physical.Dispose();

    /// <summary>compound_head(): since 7.0 a tail may have a mask in place of the head's address.</summary>
    private ulong HeadOf(ulong page)
    {
        ulong info = Word(page + (ulong)(btf.Offset("page.compound_info") ?? btf.Offset("page.compound_head") ?? 8));
        const ulong MasksMin = 0xFFFF_F000_0000_0000;
        return (info & 1) == 0 ? page : info >= MasksMin ? page & (info - 1) : info - 1;
    }

    /// <summary>Since 7.0 the swap table has the count, too, in its entries' highest bits.</summary>
    private int CountInTable(ulong device, ulong slot)
    {
        const ulong ClusterSlots = 512;
        const int CountShift = 60;
        ulong size = (ulong)(btf.Size("swap_cluster_info")
            ?? throw new GuestException("the kernel's BTF has no struct swap_cluster_info"));
        ulong cluster = Word(device + Offset("swap_info_struct.cluster_info")) + slot / ClusterSlots * size;
        ulong table = Word(cluster + Offset("swap_cluster_info.table"));
        return table == 0 ? 0 : (int)(Word(table + slot % ClusterSlots * sizeof(ulong)) >> CountShift);
    }

    /// <summary>folio_order(): in the second page, since 6.6 in its flags.</summary>
    private int OrderOf(ulong head) => (int)(btf.Offset("page.compound_order") is { } offset
        ? Word(head + pageSize + (ulong)offset) & 0xFF
        : Word(head + Offset("folio._flags_1")) & 0xFF);

    private bool? IsPartiallyMapped(ulong head) =>
        btf.Offset("folio._flags_1") is { } offset && FlagBit("PG_partially_mapped") is { } bit
            ? ((Word(head + (ulong)offset) >> bit) & 1) != 0
            : null;

    /// <summary>A list of its own names itself; one that was never used is zero.</summary>
    private bool? IsQueued(ulong head) => btf.Offset("folio._deferred_list") is { } offset
        ? Word(head + (ulong)offset) is var next && next != 0 && next != head + (ulong)offset
        : null;

    private ulong Offset(string path) =>
        (ulong)(btf.Offset(path) ?? throw new GuestException($"the kernel's BTF has no {path}"));

    private int? Int(ulong at, string path) =>
        btf.Offset(path) is { } offset ? (int)(uint)Word(at + (ulong)offset) : null;

    private long Long(ulong at, string path) => (long)Word(at + Offset(path));

    private ulong Word(ulong address)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        int here = (int)Math.Min(sizeof(ulong), 0x1000 - (address & 0xFFF));
        physical.Read(Physical(address), bytes[..here]);
        if (here < bytes.Length)
        {
            physical.Read(Physical(address + (ulong)here), bytes[here..]);
        }

        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    /// <summary>Where a kernel address is in memory.</summary>
    private ulong Physical(ulong address)
    {
        if (address >= KernelMap)
        {
            return address - KernelMap;
        }

        if (address >= direct && address - direct < physical.Size)
        {
            return address - direct;
        }

        (ulong entry, int level) = Walk(symbols["init_top_pgt"] - KernelMap, address);
        if ((entry & Present) == 0)
        {
            throw new GuestException(
                string.Create(CultureInfo.InvariantCulture, $"the guest has nothing mapped at {address:x}"));
        }

        ulong mask = (1UL << (PageShift + level * LevelBits)) - 1;
        return (entry & AddressMask & ~mask) | (address & mask);
    }

    /// <summary>The entry at the end of a walk, and its level: 0 for a page's own.</summary>
    private (ulong Entry, int Level) Walk(ulong table, ulong address)
    {
        for (int level = 3; ; level--)
        {
            ulong index = (address >> (PageShift + level * LevelBits)) & 0x1FF;
            ulong entry = physical.Word(table + index * sizeof(ulong));
            if (level == 0 || (entry & Present) == 0 || (entry & Leaf) != 0)
            {
                return (entry, level);
            }

            table = entry & AddressMask;
        }
    }
}
