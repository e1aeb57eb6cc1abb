using Mm.State;

namespace Fuzz.Oracles;

/// <summary>split_queue_len is the number of folios on the queue, when its lock is free and no scan is under
/// way.</summary>
/// <remarks>
/// B3. A scan settles the length of what it dropped at its end; until then it is never too small, and so never
/// negative. A wrong length has no message: the shrinker comes too often, or never.
/// </remarks>
public readonly struct SplitQueueLengthOracle : ISettledOracle<DeferredSplitQueue>
{
    /// <inheritdoc />
    public string Name => "split-queue-length";

    /// <inheritdoc />
    public bool IsSettled(Kernel kernel, DeferredSplitQueue subject) => subject.Lock.Holder is null;

    /// <inheritdoc />
    public bool Holds(Kernel kernel, DeferredSplitQueue subject)
    {
        int entries = Entries(subject);
        return subject.TruthScans > 0 ? subject.Length >= entries : subject.Length == entries;
    }

    /// <inheritdoc />
    public void Tell(Kernel kernel, DeferredSplitQueue subject, IJudge judge) => judge.Broken(
        this, "length and entries differ",
        $"{subject}: split_queue_len {subject.Length}, {Entries(subject)} entries, {subject.TruthScans} scans");

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
