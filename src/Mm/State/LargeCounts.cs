using Interleave;

namespace Mm.State;

/// <summary>What a large folio keeps in its first tail page: the counts of its mappings as a whole, and which processes
/// map it (struct folio, include/linux/mm_types.h, v6.18 with CONFIG_PAGE_MAPCOUNT and CONFIG_MM_ID).</summary>
/// <remarks>
/// Mapcounts are stored as in the kernel: -1 is none. Every method is one step, or is called with
/// <see cref="MmIdLock"/> held. Only frames at which a large folio can begin have one of these.
/// </remarks>
public sealed class LargeCounts
{
    /// <summary>ENTIRELY_MAPPED: what <see cref="PagesMapped"/> holds once while a PMD entry maps the folio.</summary>
    public const int EntirelyMapped = 0x800000;

    /// <summary>FOLIO_PAGES_MAPPED: the part of <see cref="PagesMapped"/> that counts pages.</summary>
    public const int PagesMask = EntirelyMapped - 1;

    /// <summary>MM_ID_DUMMY: a slot that no process has.</summary>
    public const int NoMm = 0;

    private readonly Folio folio;
    private readonly int[] ids = new int[2];
    private readonly int[] counts = new int[2];

    internal LargeCounts(Folio folio, ObjectIds objects)
    {
        this.folio = folio;
        MapcountWord = objects.Word(ObjectKind.LargeMapcount, $"folio {folio.Pfn} large mapcount");
        EntireWord = objects.Word(ObjectKind.EntireMapcount, $"folio {folio.Pfn} entire mapcount");
        PagesMappedWord = objects.Word(ObjectKind.PagesMapped, $"folio {folio.Pfn} nr_pages_mapped");
        PincountWord = objects.Word(ObjectKind.Pincount, $"folio {folio.Pfn} pincount");
        MmIdLock = objects.Spinlock(ObjectKind.MmIds, $"folio {folio.Pfn} mm ids");
        Reset();
    }

    /// <summary>_large_mapcount, as an object of points.</summary>
    public Word MapcountWord { get; }

    /// <summary>_entire_mapcount, as an object of points.</summary>
    public Word EntireWord { get; }

    /// <summary>_nr_pages_mapped, as an object of points.</summary>
    public Word PagesMappedWord { get; }

    /// <summary>_pincount, as an object of points.</summary>
    public Word PincountWord { get; }

    /// <summary>FOLIO_MM_IDS_LOCK_BITNUM: the bit spinlock over mapcount and slots; also the word that it is
    /// in.</summary>
    public KernelSpinlock MmIdLock { get; }

    /// <summary>_large_mapcount: all mappings, by PTE and PMD entries.</summary>
    public int Mapcount { get; private set; }

    /// <summary>_entire_mapcount: mappings by PMD entries.</summary>
    public int Entire { get; private set; }

    /// <summary>_nr_pages_mapped: pages with a mapping by a PTE, and <see cref="EntirelyMapped"/>.</summary>
    public int PagesMapped { get; private set; }

    /// <summary>_pincount: pins by devices; each has a reference besides.</summary>
    public int Pincount { get; private set; }

    /// <summary>FOLIO_MM_IDS_SHARED_BITNUM: more than one process may map it.</summary>
    public bool Shared { get; private set; }

    /// <summary>Ground truth: present entries of each process that map a page of it.</summary>
    public int[] TruthByMm { get; } = new int[Kernel.MmsMax];

    /// <summary>Ground truth: present entries of all page tables that map a page of it.</summary>
    public int TruthMappings()
    {
        int mappings = folio.TruthPmds;
        for (int number = 0; number < folio.PageCount; number++)
        {
            mappings += folio.PageAt(number).TruthPtes;
        }

        return mappings;
    }

    /// <summary>folio_mm_id: the process that has the slot.</summary>
    public int MmId(int slot) => ids[slot];

    /// <summary>_mm_id_mapcount: what is known of that process' mappings.</summary>
    public int MmMapcount(int slot) => counts[slot];

    /// <summary>mm->mm_id.</summary>
    public static int IdOf(MmStruct mm) => mm.Index + 1;

    /// <summary>Stores _large_mapcount.</summary>
    public void SetMapcount(int value)
    {
        Mapcount = value;
        folio.Touch();
    }

    /// <summary>atomic_add_return(_entire_mapcount).</summary>
    public int AddEntire(int by)
    {
        Entire += by;
        folio.Touch();
        return Entire;
    }

    /// <summary>atomic_set(_entire_mapcount).</summary>
    public void SetEntire(int value)
    {
        Entire = value;
        folio.Touch();
    }

    /// <summary>atomic_set(_nr_pages_mapped).</summary>
    public void SetPagesMapped(int value)
    {
        PagesMapped = value;
        folio.Touch();
    }

    /// <summary>atomic_add_return(_nr_pages_mapped).</summary>
    public int AddPagesMapped(int by)
    {
        PagesMapped += by;
        folio.Touch();
        return PagesMapped;
    }

    /// <summary>atomic_add(_pincount).</summary>
    public void AddPincount(int by)
    {
        Pincount += by;
        folio.Touch();
    }

    /// <summary>Sets or clears the shared bit.</summary>
    public void SetShared(bool shared)
    {
        Shared = shared;
        folio.Touch();
    }

    /// <summary>Stores one slot: the process, and its count.</summary>
    public void SetSlot(int slot, int id, int count)
    {
        ids[slot] = id;
        counts[slot] = count;
        folio.Touch();
    }

    /// <summary>All as prep_compound_page leaves it.</summary>
    internal void Clear()
    {
        Mapcount = -1;
        Entire = -1;
        PagesMapped = 0;
        Pincount = 0;
        Shared = false;
        Array.Clear(ids);
        Array.Clear(TruthByMm);
        Array.Fill(counts, -1);
    }

    /// <summary>Back to the state before boot.</summary>
    internal void Reset()
    {
        Clear();
        MmIdLock.Reset();
    }
}
