namespace Mm.State;

/// <summary>struct ksm_stable_node (mm/ksm.c, v6.18): a page of KSM, by its frame number only.</summary>
/// <remarks>
/// The node holds no reference on its folio: the folio's mapping names the node, and whoever comes from the node looks
/// whether it still does. Left out: chains of duplicates (max_page_sharing is never reached), NUMA trees.
/// </remarks>
public sealed class StableNode(Kernel kernel, int number, Word word)
{
    /// <summary>Index in the slab.</summary>
    public int Number => number;

    /// <summary>kpfn and the list of items, as an object of points.</summary>
    public Word Word => word;

    /// <summary>kpfn: the frame.</summary>
    public ushort Pfn { get; private set; }

    /// <summary>hlist: the addresses that ksmd has merged into it, latest first.</summary>
    public List<RmapItem> Items { get; } = [];

    /// <summary>Whether it is in the stable tree; otherwise back in its slab.</summary>
    public bool Live { get; internal set; }

    /// <summary>A store to kpfn.</summary>
    public void SetPfn(ushort pfn)
    {
        Pfn = pfn;
        kernel.Touched.Folios.Add(pfn);
    }

    /// <inheritdoc />
    public override string ToString() => $"stable node {number}";

    internal void Reset()
    {
        Live = false;
        Pfn = 0;
        Items.Clear();
    }
}

/// <summary>struct ksm_rmap_item (mm/ksm.c, v6.18): one address that ksmd keeps an eye on.</summary>
public sealed class RmapItem
{
    private int life;

    /// <summary>The process.</summary>
    public MmStruct Mm { get; private set; } = null!;

    /// <summary>The page.</summary>
    public int Page { get; private set; }

    /// <summary>The stable node that it is in the list of; null while it is in none (STABLE_FLAG clear).</summary>
    public StableNode? Head { get; set; }

    /// <summary>The anon_vma that the address had when it was merged; valid while it is in a list, with a
    /// reference.</summary>
    public AnonVma? AnonVma { get; set; }

    /// <summary>Whether its process is gone (ksm_test_exit).</summary>
    public bool IsDead => Mm.Life != life || Mm.Users == 0;

    /// <summary>Whether it is about that process, and not about one that had its number before.</summary>
    public bool IsOf(MmStruct mm) => Mm == mm && mm.Life == life;

    internal void Set(MmStruct mm, int page)
    {
        Mm = mm;
        life = mm.Life;
        Page = page;
        Head = null;
        AnonVma = null;
    }
}
