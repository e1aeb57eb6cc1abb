namespace Fuzz.Oracles;

/// <summary>Where the scanner takes a folio off its local list without the lock, the folio before has a reference
/// left.</summary>
/// <remarks>
/// The check that Hugh Dickins added to find what was wrong (November 2024): weaker than
/// <see cref="SafeNeighbourOracle"/>, as somebody must be freeing or migrating that folio just then.
/// </remarks>
public sealed class PrecedingFolioOracle : ITruthOracle
{
    /// <summary>How lines for this oracle begin in <see cref="Mm.State.Kernel.TruthBroken"/>.</summary>
    public const string Prefix = "preceding:";

    /// <inheritdoc />
    public string Name => "preceding-folio";

    /// <inheritdoc />
    public void Tell(string detail, IJudge judge) =>
        judge.Broken(this, "preceding folio on the list has no reference", detail, "list_del corruption");
}
