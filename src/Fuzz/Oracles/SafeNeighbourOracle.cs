namespace Fuzz.Oracles;

/// <summary>Where the scanner takes a folio off its local list without the lock, the entry before is the head, or
/// pinned by that scanner, and nobody is changing the links of the three.</summary>
/// <remarks>
/// A10. An unpinned folio may be unlinked by whoever frees or migrates it, at the same time. Needs no such third party
/// to be seen; <see cref="PrecedingFolioOracle"/> does.
/// </remarks>
public sealed class SafeNeighbourOracle : ITruthOracle
{
    /// <summary>How lines for this oracle begin in <see cref="Mm.State.Kernel.TruthBroken"/>.</summary>
    public const string Prefix = "neighbour:";

    /// <inheritdoc />
    public string Name => "safe-neighbour";

    /// <inheritdoc />
    public void Tell(string detail, IJudge judge) =>
        judge.Broken(this, "folio is taken off beside one that is not safe", detail, "list_del corruption");
}
