using Mm.State;

namespace Fuzz.Oracles;

/// <summary>Neither mapcount nor refcount is ever negative, nor any of the counts of a large folio.</summary>
/// <remarks>
/// E2, A1. A negative mapcount is what zap calls <c>BUG: Bad page map</c>; batched puts underflow silently.
/// </remarks>
public readonly struct CounterSignOracle : IOracle<Folio>
{
    /// <inheritdoc />
    public string Name => "counter-sign";

    /// <inheritdoc />
    public bool Holds(Kernel kernel, Folio subject) =>
        (subject.Refcount | subject.Mapcount) >= 0 && (!subject.IsLarge || PartsOf(subject) >= 0);

    /// <inheritdoc />
    public void Tell(Kernel kernel, Folio subject, IJudge judge)
    {
        if (subject.Mapcount < 0)
        {
            judge.Broken(
                this, "negative mapcount", $"{subject}: mapcount {subject.Mapcount}",
                "BUG: Bad page map");
        }

        if (subject.IsLarge && PartsOf(subject) < 0)
        {
            LargeCounts large = subject.Large;
            judge.Broken(
                this, "negative count of a large folio",
                $"{subject}: mapcount of its first page {subject.MapcountField + 1}, entire {large.Entire + 1}, "
                + $"nr_pages_mapped {large.PagesMapped}, pincount {large.Pincount}",
                "BUG: Bad page state, page dumped because: nonzero entire_mapcount");
        }

        if (subject.Refcount < 0)
        {
            judge.Broken(
                this, "negative refcount", $"{subject}: refcount {subject.Refcount}",
                "BUG: Bad page state, page dumped because: nonzero _refcount");
        }
    }

    private static int PartsOf(Folio folio) =>
        (folio.MapcountField + 1) | (folio.Large.Entire + 1) | folio.Large.PagesMapped | folio.Large.Pincount;
}
