namespace Fuzz.Oracles;

/// <summary>A folio that is on a deferred split list is not added to one.</summary>
/// <remarks>
/// Noted as it is linked in. The kernel sees it only where the folio is the last one of the list (<c>list_add double
/// add</c>); otherwise a part of the list is cut off, or runs in circles.
/// </remarks>
public sealed class DoubleAddOracle : ITruthOracle
{
    /// <summary>How lines for this oracle begin in <see cref="Mm.State.Kernel.TruthBroken"/>.</summary>
    public const string Prefix = "queued:";

    /// <inheritdoc />
    public string Name => "double-add";

    /// <inheritdoc />
    public void Tell(string detail, IJudge judge) =>
        judge.Broken(this, "folio is queued twice", detail, "list_add double add");
}
