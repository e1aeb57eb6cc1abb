namespace Fuzz.Oracles;

/// <summary>Whoever drops pages returns only when no cpu can see them any more, whoever else dropped them.</summary>
/// <remarks>What tlb_flush_pending and flush_tlb_batched_pending are for. No message: a thread reads or writes freed
/// memory.</remarks>
public sealed class StaleZapOracle : ITruthOracle
{
    /// <summary>How lines for this oracle begin in <see cref="Mm.State.Kernel.TruthBroken"/>.</summary>
    public const string Prefix = "tlb:";

    /// <inheritdoc />
    public string Name => "stale-zap";

    /// <inheritdoc />
    public void Tell(string detail, IJudge judge) => judge.Broken(this, "dropped page is in a TLB", detail);
}
