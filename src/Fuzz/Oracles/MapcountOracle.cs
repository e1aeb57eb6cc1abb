using Mm.State;

namespace Fuzz.Oracles;

/// <summary>Entries that map a folio are at most its mapcount, and the mapcount is at most its refcount.</summary>
/// <remarks>
/// E1, A2, A3. A reference is taken before the mapcount rises, and that before the entry is set; all is undone in
/// reverse. A frozen refcount says nothing. The kernel notices at the last unmap (<c>BUG: Bad page map</c>) or at the
/// free (<c>nonzero mapcount</c>).
/// </remarks>
public readonly struct MapcountOracle : IOracle<Folio>
{
    /// <inheritdoc />
    public string Name => "mapcount";

    /// <inheritdoc />
    public bool Holds(Kernel kernel, Folio subject) =>
        subject.TruthPtes <= subject.Mapcount && (subject.Mapcount <= subject.Refcount || Freezing.IsFrozen(subject));

    /// <inheritdoc />
    public void Tell(Kernel kernel, Folio subject, IJudge judge)
    {
        string values =
            $"{subject}: {subject.TruthPtes} page table entries, mapcount {subject.Mapcount}, "
            + $"refcount {subject.Refcount}";
        if (subject.TruthPtes > subject.Mapcount)
        {
            judge.Broken(this, "fewer mappings counted than there are", values, "BUG: Bad page map");
        }
        else
        {
            judge.Broken(
                this, "fewer references than mappings", values,
                "BUG: Bad page state, page dumped because: nonzero mapcount");
        }
    }
}
