namespace Fuzz.Oracles;

/// <summary>Whoever takes a folio off a deferred split list holds the lock of the queue that the list belongs
/// to.</summary>
/// <remarks>
/// Only the scanner may do without, on its own list (see <see cref="SafeNeighbourOracle"/>). Noted as the removal
/// begins; the kernel sees it as list corruption, if somebody else is at the list then.
/// </remarks>
public sealed class QueueLockOracle : ITruthOracle
{
    /// <summary>How lines for this oracle begin in <see cref="Mm.State.Kernel.TruthBroken"/>.</summary>
    public const string Prefix = "unlocked:";

    /// <inheritdoc />
    public string Name => "queue-lock";

    /// <inheritdoc />
    public void Tell(string detail, IJudge judge) =>
        judge.Broken(this, "folio is taken off a queue without its lock", detail, "list_del corruption");
}
