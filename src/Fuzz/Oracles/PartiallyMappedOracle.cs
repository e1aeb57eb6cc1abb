using Mm.State;

namespace Fuzz.Oracles;

/// <summary>A folio that is flagged as partially mapped is on a deferred split list, or in the hands of a
/// scanner.</summary>
/// <remarks>
/// B4. The flag is set once, and only whoever sets it queues the folio: one that has the flag and is on no list is
/// never split, and the memory of its unmapped pages is lost until the rest is unmapped. No message ever. Judged while
/// the lock is free.
/// </remarks>
public readonly struct PartiallyMappedOracle : ISettledOracle<Folio>
{
    /// <inheritdoc />
    public string Name => "partially-mapped";

    /// <inheritdoc />
    public bool IsSettled(Kernel kernel, Folio subject) => kernel.QueueOf(subject).TruthIdle;

    /// <inheritdoc />
    public bool Holds(Kernel kernel, Folio subject) =>
        !subject.IsLarge || !subject.PartiallyMapped || subject.DeferredList.Next != subject.DeferredList
        || subject.TruthScanner is not null || subject.Refcount <= 0;

    /// <inheritdoc />
    public void Tell(Kernel kernel, Folio subject, IJudge judge) => judge.Broken(
        this, "partially mapped folio is on no list", $"{subject}: PG_partially_mapped, refcount {subject.Refcount}");
}
