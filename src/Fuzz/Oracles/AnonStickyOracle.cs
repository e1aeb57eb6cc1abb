using Mm.State;

namespace Fuzz.Oracles;

/// <summary>A folio that was anonymous once stays so until it is freed.</summary>
/// <remarks>
/// E8. The swapin's test for a first mapper rests on it: anon under the folio lock means mapped before. No message.
/// </remarks>
public readonly struct AnonStickyOracle : IOracle<Folio>
{
    /// <inheritdoc />
    public string Name => "anon-sticky";

    /// <inheritdoc />
    public bool Holds(Kernel kernel, Folio subject) => subject.Anon || !subject.TruthWasAnon;

    /// <inheritdoc />
    public void Tell(Kernel kernel, Folio subject, IJudge judge) =>
        judge.Broken(this, "anon tag was taken away", $"{subject}: was anonymous since its allocation, mapping NULL");
}
