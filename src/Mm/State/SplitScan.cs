using Interleave;

namespace Mm.State;

/// <summary>What one run of deferred_split_scan has on its stack. One for each lane, reused.</summary>
public sealed class SplitScan
{
    internal SplitScan(Kernel kernel, ObjectIds ids, int cpu) =>
        List = new ListHead(kernel, ids, $"list of the scan of cpu{cpu}", null);

    /// <summary>LIST_HEAD(list): the folios that it has taken off the queue.</summary>
    public ListHead List { get; }

    /// <summary>The folio that stays on the list and whose reference is kept, so that nobody unlinks it.</summary>
    public Folio? Previous { get; set; }

    /// <summary>Number of folios split.</summary>
    public int Split { get; set; }

    /// <summary>Number of folios taken off the list for good.</summary>
    public int Removed { get; set; }

    /// <summary>The folios of a scan that has no list (struct folio_batch, from v6.19 on).</summary>
    public List<Folio> Batch { get; } = [];

    /// <summary>A scan of that queue begins.</summary>
    public void Begin(DeferredSplitQueue queue)
    {
        List.Init();
        List.Queue = queue;
        Previous = null;
        Split = 0;
        Removed = 0;
        Batch.Clear();
    }
}
