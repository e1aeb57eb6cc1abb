namespace Fuzz.Oracles;

/// <summary>A page on its way to a device that wants stable writes (zram) is not written to.</summary>
/// <remarks>SWP_STABLE_WRITES: do_swap_page maps such a page read-only. No message: the device may store torn
/// data.</remarks>
public sealed class StableWritesOracle : ITruthOracle
{
    /// <summary>How lines for this oracle begin in <see cref="Mm.State.Kernel.TruthBroken"/>.</summary>
    public const string Prefix = "stable:";

    /// <inheritdoc />
    public string Name => "stable-writes";

    /// <inheritdoc />
    public void Tell(string detail, IJudge judge) => judge.Broken(this, "page under writeback is written", detail);
}
