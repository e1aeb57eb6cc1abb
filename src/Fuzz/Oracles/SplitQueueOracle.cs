using Mm.State;

namespace Fuzz.Oracles;

/// <summary>A deferred split queue whose lock is free is a well-formed list of large anonymous folios of its memory
/// cgroup.</summary>
/// <remarks>B3, A12. The kernel looks at the neighbours of an entry when it adds or removes one
/// (lib/list_debug.c).</remarks>
public readonly struct SplitQueueOracle : ISettledOracle<DeferredSplitQueue>
{
    private const int EntriesMax = 4096;

    /// <inheritdoc />
    public string Name => "split-queue";

    /// <inheritdoc />
    public bool IsSettled(Kernel kernel, DeferredSplitQueue subject) => subject.TruthIdle;

    /// <inheritdoc />
    public bool Holds(Kernel kernel, DeferredSplitQueue subject) => Find(kernel, subject) is null;

    /// <inheritdoc />
    public void Tell(Kernel kernel, DeferredSplitQueue subject, IJudge judge)
    {
        (ListHead entry, string law) = Find(kernel, subject)!.Value;
        judge.Broken(
            this, law, $"{subject}: {entry}: next {entry.Next}, prev {entry.Prev}", "list_del corruption");
    }

    private static (ListHead Entry, string Law)? Find(Kernel kernel, DeferredSplitQueue queue)
    {
        ListHead entry = queue.Head;
        for (int seen = 0; seen < EntriesMax; seen++)
        {
            if (entry.Next is not { } next)
            {
                return (entry, "queue names what is no list entry any more");
            }

            if (next.Prev != entry)
            {
                return (next, "links of the queue do not agree");
            }

            if (next == queue.Head)
            {
                return null;
            }

            if (next.Owner is not { } folio)
            {
                return (next, "queue runs into another list");
            }

            if (folio.Order < Folio.LargeOrderMin || !folio.Anon || folio.Free)
            {
                return (next, "folio on the queue is no large anonymous folio");
            }

            if (!kernel.TruthMayBeOn(queue, folio))
            {
                return (next, "folio is on the queue of another memory cgroup");
            }

            entry = next;
        }

        return (entry, "queue never ends");
    }
}
