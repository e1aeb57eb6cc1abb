using Mm.State;

namespace Fuzz.Oracles;

/// <summary>A KSM folio stays one until it is freed.</summary>
/// <remarks>
/// E8. Anonymous becomes KSM, never the other way round: whoever has tested for it under the folio lock relies on that.
/// A migrated folio keeps the tag without a node. No message.
/// </remarks>
public readonly struct KsmStickyOracle : IOracle<Folio>
{
    /// <inheritdoc />
    public string Name => "ksm-sticky";

    /// <inheritdoc />
    public bool Holds(Kernel kernel, Folio subject) => subject.Ksm || !subject.TruthWasKsm;

    /// <inheritdoc />
    public void Tell(Kernel kernel, Folio subject, IJudge judge) =>
        judge.Broken(this, "KSM tag was taken away", $"{subject}: was a KSM folio, now of {subject.Mapping}");
}
