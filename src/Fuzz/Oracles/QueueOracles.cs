using Mm.State;

namespace Fuzz.Oracles;

/// <summary>All laws about one deferred split queue.</summary>
internal sealed class QueueOracles(Kernel kernel, Judge judge) : ObjectOracles<DeferredSplitQueue>(kernel, judge)
{
    private Suspects[] suspects = [];

    /// <inheritdoc />
    public override IReadOnlyList<IOracle> All { get; } = [new SplitQueueOracle(), new SplitQueueLengthOracle()];

    /// <summary>Forgets suspects, for a new execution.</summary>
    public void Reset()
    {
        if (suspects.Length != Kernel.SplitQueues.Length)
        {
            suspects = new Suspects[Kernel.SplitQueues.Length];
        }

        Array.Clear(suspects);
    }

    /// <summary>Judges all queues; false when a law is broken and has to be judged again.</summary>
    public bool Settle()
    {
        bool settled = true;
        for (int i = 0; i < suspects.Length; i++)
        {
            DeferredSplitQueue queue = Kernel.SplitQueues[i];
            ref Suspects suspect = ref suspects[i];
            settled &= Settle<SplitQueueOracle>(queue, ref suspect.List);
            settled &= Settle<SplitQueueLengthOracle>(queue, ref suspect.Length);
        }

        return settled;
    }

    private struct Suspects
    {
        public ushort List;
        public ushort Length;
    }
}
