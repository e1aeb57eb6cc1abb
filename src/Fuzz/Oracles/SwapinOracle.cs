namespace Fuzz.Oracles;

/// <summary>
/// A swap entry is replaced by a folio that copies the very use of the slot for which the entry was made.
/// </summary>
/// <remarks>
/// The ghost precursor of S001-D and S001-E: slot numbers are reused, so an equal entry need not mean equal content.
/// Noted where the entry is replaced. No kernel message: what follows is silent data corruption.
/// </remarks>
public sealed class SwapinOracle : ITruthOracle
{
    /// <summary>How lines for this oracle begin in <see cref="Mm.State.Kernel.TruthBroken"/>.</summary>
    public const string Prefix = "swapin:";

    /// <inheritdoc />
    public string Name => "swapin-copy";

    /// <inheritdoc />
    public void Tell(string detail, IJudge judge) => judge.Broken(this, "stale copy of the slot is mapped", detail);
}
