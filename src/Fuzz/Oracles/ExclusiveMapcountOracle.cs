using Mm.State;

namespace Fuzz.Oracles;

/// <summary>A page marked exclusive is mapped at most once.</summary>
/// <remarks>
/// L4, A14. Fork clears the mark before it counts the second mapping; nobody may set it on a page that is mapped twice.
/// Two processes would write each other's memory.
/// </remarks>
public readonly struct ExclusiveMapcountOracle : IOracle<Folio>
{
    /// <inheritdoc />
    public string Name => "exclusive-mapcount";

    /// <inheritdoc />
    public bool Holds(Kernel kernel, Folio subject) => subject.Mapcount <= 1 || !subject.Has(PageFlag.AnonExclusive);

    /// <inheritdoc />
    public void Tell(Kernel kernel, Folio subject, IJudge judge) =>
        judge.Broken(
            this, "exclusive page is mapped twice", $"{subject}: PageAnonExclusive, mapcount {subject.Mapcount}",
            "VM_WARN_ON_FOLIO(folio_mapcount(folio) > 1 && PageAnonExclusive(page))");
}
