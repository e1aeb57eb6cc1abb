namespace Fuzz.Oracles;

/// <summary>The memory cgroup of a folio does not change while it is on a deferred split list.</summary>
/// <remarks>
/// A11. Noted as it changes. Whoever takes the folio off later takes the lock of another queue, or of the node's; newer
/// kernels say <c>WARN_ON_ONCE(folio_unqueue_deferred_split(folio))</c>.
/// </remarks>
public sealed class RechargeOracle : ITruthOracle
{
    /// <summary>How lines for this oracle begin in <see cref="Mm.State.Kernel.TruthBroken"/>.</summary>
    public const string Prefix = "recharge:";

    /// <inheritdoc />
    public string Name => "recharge";

    /// <inheritdoc />
    public void Tell(string detail, IJudge judge) =>
        judge.Broken(this, "memcg of a queued folio changes", detail, "list_del corruption");
}
