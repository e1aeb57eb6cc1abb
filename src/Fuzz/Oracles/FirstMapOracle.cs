using Mm.State;

namespace Fuzz.Oracles;

/// <summary>
/// Whoever maps a folio as its first mapper is alone: nobody maps it yet, and its lock is held if others can find it.
/// </summary>
/// <remarks>
/// E9. <c>folio_add_new_anon_rmap</c> stores the mapcount instead of counting; the second of two first mappers makes it
/// too small. v6.18 warns of a missing lock only, v7.x also of a mapcount.
/// </remarks>
public readonly struct FirstMapOracle : IOracle<Folio>
{
    /// <inheritdoc />
    public string Name => "first-map";

    /// <inheritdoc />
    public bool Holds(Kernel kernel, Folio subject) => subject.TruthFirstMap is null;

    /// <inheritdoc />
    public void Tell(Kernel kernel, Folio subject, IJudge judge) =>
        judge.Broken(
            this, subject.TruthFirstMap!.Contains("without its lock", StringComparison.Ordinal)
                ? "first mapper has no lock" : "folio is first-mapped twice",
            subject.TruthFirstMap!, "BUG: Bad page map");
}
