namespace Fuzz.Oracles;

/// <summary>An operation on the pages of a file leaves private copies of them alone, unless it cuts the file.</summary>
/// <remarks>Z2. Noted where an entry goes. No message: a process' own stores are lost (see seed 004).</remarks>
public sealed class PrivateCopyOracle : ITruthOracle
{
    /// <summary>How lines for this oracle begin in <see cref="Mm.State.Kernel.TruthBroken"/>.</summary>
    public const string Prefix = "cow:";

    /// <inheritdoc />
    public string Name => "private-copy";

    /// <inheritdoc />
    public void Tell(string detail, IJudge judge) => judge.Broken(this, "private copy is dropped", detail);
}
