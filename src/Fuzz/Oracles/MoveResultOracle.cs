using Fuzz.Execution;

namespace Fuzz.Oracles;

/// <summary>UFFDIO_MOVE does not report failure of what it has moved.</summary>
/// <remarks>Noted where the call ends. Nothing is lost; but a program that believes the error does not wake who waits
/// for the page, or moves another page there.</remarks>
public sealed class MoveResultOracle : ITruthOracle
{
    /// <summary>How lines for this oracle begin in <see cref="Mm.State.Kernel.TruthBroken"/>.</summary>
    public const string Prefix = "move:";

    /// <inheritdoc />
    public string Name => "move-result";

    /// <inheritdoc />
    public void Tell(string detail, IJudge judge) =>
        judge.Broken(this, "failure reported of a page that was moved", detail, kind: LawKind.Symptom);
}
