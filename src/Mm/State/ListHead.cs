namespace Mm.State;

/// <summary>struct list_head (include/linux/list.h, v6.18): two words, next and prev, that are read and written one by
/// one.</summary>
/// <remarks>
/// A head links to itself when the list is empty. What lies in memory that has become something else links to nothing;
/// a store to it is noted as a use of freed memory. Members named Truth... are ground truth that no routine reads.
/// </remarks>
public sealed class ListHead
{
    private readonly Kernel kernel;
    private readonly string name;

    internal ListHead(Kernel kernel, ObjectIds ids, string name, Folio? owner, DeferredSplitQueue? queue = null)
    {
        this.kernel = kernel;
        this.name = name;
        Owner = owner;
        Queue = queue;
        NextWord = ids.Word(ObjectKind.ListNext, $"{name} next");
        PrevWord = ids.Word(ObjectKind.ListPrev, $"{name} prev");
    }

    /// <summary>The next word, as an object of points.</summary>
    public Word NextWord { get; }

    /// <summary>The prev word, as an object of points.</summary>
    public Word PrevWord { get; }

    /// <summary>list_entry: the folio that it is a member of; null for the head of a list.</summary>
    public Folio? Owner { get; }

    /// <summary>next; null when these words are something else by now.</summary>
    public ListHead? Next { get; private set; }

    /// <summary>prev; null when these words are something else by now.</summary>
    public ListHead? Prev { get; private set; }

    /// <summary>Of a head: the queue that the list is, or that its entries were taken from.</summary>
    public DeferredSplitQueue? Queue { get; internal set; }

    /// <summary>Of an entry: the head of the list that it was linked into last; null when it is on none.</summary>
    public ListHead? TruthOn { get; private set; }

    /// <summary>WRITE_ONCE(next).</summary>
    public void SetNext(ListHead to)
    {
        Note();
        Next = to;
    }

    /// <summary>WRITE_ONCE(prev).</summary>
    public void SetPrev(ListHead to)
    {
        Note();
        Prev = to;
    }

    /// <summary>INIT_LIST_HEAD of a list that nobody else sees yet.</summary>
    public void Init()
    {
        Next = this;
        Prev = this;
        TruthOn = null;
    }

    /// <summary>Ground truth: the entry is linked into that list, or into none.</summary>
    public void TruthMove(ListHead? to)
    {
        TruthOn = to;
        Touch();
    }

    /// <inheritdoc />
    public override string ToString() => name;

    /// <summary>The memory becomes something else: mapping and index of a page.</summary>
    internal void Retire()
    {
        Next = null;
        Prev = null;
        TruthOn = null;
    }

    private void Note()
    {
        if (Next is null)
        {
            kernel.TruthBroken.Add($"freed: a link of {this} is written although it is no list entry any more");
        }

        Touch();
    }

    private void Touch()
    {
        kernel.Touched.Queues = true;
        if (Owner is { } folio)
        {
            kernel.Touched.Folios.Add(folio.Pfn);
        }
    }
}
