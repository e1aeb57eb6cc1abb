namespace Fuzz.Oracles;

/// <summary>When a truncation is done, nothing behind the end of the file is mapped, private copies included.</summary>
/// <remarks>
/// T1. Noted by the operation as it ends. No message: who reads there gets data instead of SIGBUS, and stale data when
/// the file grows again (see seed 004).
/// </remarks>
public sealed class TruncationOracle : ITruthOracle
{
    /// <summary>How lines for this oracle begin in <see cref="Mm.State.Kernel.TruthBroken"/>.</summary>
    public const string Prefix = "truncate:";

    /// <inheritdoc />
    public string Name => "truncation";

    /// <inheritdoc />
    public void Tell(string detail, IJudge judge)
    {
        int colon = detail.IndexOf(':', StringComparison.Ordinal);
        string law = detail[..colon] switch
        {
            "Swap" => "swap entry survives the truncation",
            "Migration" => "migration entry survives the truncation",
            "HwPoison" => "poison entry survives the truncation",
            _ => "page survives the truncation",
        };
        judge.Broken(this, law, detail[(colon + 1)..].Trim());
    }
}
