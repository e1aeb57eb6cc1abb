using Mm.State;

namespace Fuzz.Oracles;

/// <summary>Neither mapcount nor refcount is ever negative.</summary>
/// <remarks>
/// E2, A1. A negative mapcount is what zap calls <c>BUG: Bad page map</c>; batched puts underflow silently.
/// </remarks>
public readonly struct CounterSignOracle : IOracle<Folio>
{
    /// <inheritdoc />
    public string Name => "counter-sign";

    /// <inheritdoc />
    public bool Holds(Kernel kernel, Folio subject) => (subject.Refcount | subject.Mapcount) >= 0;

    /// <inheritdoc />
    public void Tell(Kernel kernel, Folio subject, IJudge judge)
    {
        if (subject.Mapcount < 0)
        {
            judge.Broken(
                this, "negative mapcount", $"{subject}: mapcount {subject.Mapcount}",
                "BUG: Bad page map");
        }

        if (subject.Refcount < 0)
        {
            judge.Broken(
                this, "negative refcount", $"{subject}: refcount {subject.Refcount}",
                "BUG: Bad page state, page dumped because: nonzero _refcount");
        }
    }
}
