using Mm.State;

namespace Fuzz.Oracles;

/// <summary>split_queue_len is the number of folios on the queue, when its lock is free and no scan is under
/// way.</summary>
/// <remarks>
/// B3. A scan settles the length of what it dropped at its end; until then it is never too small, and so never
/// negative. A wrong length has no message: the shrinker comes too often, or never. A memcg that is offline is judged
/// together with its parent: newer kernels hand the queue on, and count what leaves it meanwhile on the parent's.
/// </remarks>
public readonly struct SplitQueueLengthOracle : ISettledOracle<DeferredSplitQueue>
{
    /// <inheritdoc />
    public string Name => "split-queue-length";

    /// <inheritdoc />
    public bool IsSettled(Kernel kernel, DeferredSplitQueue subject)
    {
        if (!subject.TruthIdle)
        {
            return false;
        }

        for (int number = 1; number < kernel.Memcgs.Count; number++)
        {
            if (IsLeaving(subject, kernel.Memcgs[number]) && !kernel.QueueOf(kernel.Memcgs[number]).TruthIdle)
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc />
    public bool Holds(Kernel kernel, DeferredSplitQueue subject)
    {
        if (subject.Memcg is { Online: false })
        {
            // Judged with its parent.
            return true;
        }

        int entries = Entries(subject);
        int length = subject.Length;
        int scans = subject.TruthScans;
        for (int number = 1; number < kernel.Memcgs.Count; number++)
        {
            if (IsLeaving(subject, kernel.Memcgs[number]))
            {
                DeferredSplitQueue child = kernel.QueueOf(kernel.Memcgs[number]);
                entries += Entries(child);
                length += child.Length;
                scans += child.TruthScans;
            }
        }

        return scans > 0 ? length >= entries : length == entries;
    }

    /// <inheritdoc />
    public void Tell(Kernel kernel, DeferredSplitQueue subject, IJudge judge) => judge.Broken(
        this, "length and entries differ",
        $"{subject}: split_queue_len {subject.Length}, {Entries(subject)} entries, {subject.TruthScans} scans");

    private static bool IsLeaving(DeferredSplitQueue queue, Memcg memcg) =>
        !memcg.Online && queue.Memcg is { } parent && memcg.Parent == parent;

    private static int Entries(DeferredSplitQueue queue)
    {
        // A broken list is for SplitQueueOracle: it only must not keep us here.
        int entries = 0;
        for (ListHead? entry = queue.Head.Next; entry != queue.Head && entry is not null && entries < 4096;)
        {
            entries++;
            entry = entry.Next;
        }

        return entries;
    }
}
