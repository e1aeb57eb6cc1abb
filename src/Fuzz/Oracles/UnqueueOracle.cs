namespace Fuzz.Oracles;

/// <summary>A folio that somebody has a reference to is taken off a deferred split list by nobody but the scanner that
/// has pinned it.</summary>
/// <remarks>
/// A9, A16. Noted as the removal begins. A scanner goes on from such a folio and never finds the end of its list; later
/// kernels say <c>WARN_ON_ONCE(folio_ref_count(folio))</c>.
/// </remarks>
public sealed class UnqueueOracle : ITruthOracle
{
    /// <summary>How lines for this oracle begin in <see cref="Mm.State.Kernel.TruthBroken"/>.</summary>
    public const string Prefix = "unqueue:";

    /// <inheritdoc />
    public string Name => "unqueue";

    /// <inheritdoc />
    public void Tell(string detail, IJudge judge) =>
        judge.Broken(this, "folio with references is taken off its list", detail, "BUG: Bad page state");
}
