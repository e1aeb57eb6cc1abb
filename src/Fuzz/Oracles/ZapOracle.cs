namespace Fuzz.Oracles;

/// <summary>When a range operation that drops private pages is done, what was in the range before it is gone.</summary>
/// <remarks>
/// Z1. Noted by the operation as it ends. No message: the old content comes back later (see seed 004).
/// </remarks>
public sealed class ZapOracle : ITruthOracle
{
    /// <summary>How lines for this oracle begin in <see cref="Mm.State.Kernel.TruthBroken"/>.</summary>
    public const string Prefix = "zap:";

    /// <inheritdoc />
    public string Name => "zap";

    /// <inheritdoc />
    public void Tell(string detail, IJudge judge) => judge.Broken(this, "entry survives the zap", detail);
}
