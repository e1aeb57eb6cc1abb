namespace Fuzz.Oracles;

/// <summary>Nobody changes a folio that is in the page allocator, or a slot of a device that swapoff has
/// freed.</summary>
/// <remarks>Noted by the state's setters. What KASAN, or page poisoning, would say on a kernel that has them.</remarks>
public sealed class UseAfterFreeOracle : ITruthOracle
{
    /// <summary>How lines for this oracle begin in <see cref="Mm.State.Kernel.TruthBroken"/>.</summary>
    public const string Prefix = "freed:";

    /// <inheritdoc />
    public string Name => "use-after-free";

    /// <inheritdoc />
    public void Tell(string detail, IJudge judge) =>
        judge.Broken(this, "freed memory is used", detail, "BUG: KASAN: use-after-free");
}
