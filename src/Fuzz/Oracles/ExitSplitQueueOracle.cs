using Mm.State;

namespace Fuzz.Oracles;

/// <summary>When all processes are gone, every deferred split queue is empty and of length 0, and no folio counts as
/// partially mapped.</summary>
/// <remarks>C4. No message.</remarks>
public sealed class ExitSplitQueueOracle : IWorldOracle
{
    /// <inheritdoc />
    public string Name => "exit-split-queue";

    /// <inheritdoc />
    public void Check(Kernel kernel, Seen seen, IJudge judge)
    {
        foreach (DeferredSplitQueue queue in kernel.SplitQueues)
        {
            if (queue.Length != 0 || queue.Head.Next != queue.Head || queue.Head.Prev != queue.Head)
            {
                judge.Broken(
                    this, "deferred split queue is not empty",
                    $"{queue}: split_queue_len {queue.Length}, first {queue.Head.Next}, last {queue.Head.Prev}");
            }
        }

        if (kernel.PartiallyMapped != 0 && !kernel.Console.Exists(
            line => line.Text.StartsWith("BUG: Bad page state", StringComparison.Ordinal)))
        {
            judge.Broken(
                this, "partially mapped folios are still counted",
                $"nr_anon_partially_mapped {kernel.PartiallyMapped}");
        }
    }
}
