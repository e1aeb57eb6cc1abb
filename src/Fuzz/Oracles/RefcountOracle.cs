using Mm.State;

namespace Fuzz.Oracles;

/// <summary>The refcount is the number of references that somebody holds.</summary>
/// <remarks>
/// E3. Exact at every step, as count and ground truth move together; a frozen refcount says nothing, and a free folio is for
/// <see cref="FreeFolioOracle"/>. Too small ends in a use after free, too large in a page that is never freed; the kernel
/// sees neither.
/// </remarks>
public readonly struct RefcountOracle : IOracle<Folio>
{
    private static readonly Holder[] Holders = Enum.GetValues<Holder>();

    /// <inheritdoc />
    public string Name => "refcount";

    /// <inheritdoc />
    public bool Holds(Kernel kernel, Folio subject)
    {
        if (subject.Free || Freezing.IsFrozen(subject))
        {
            return true;
        }

        int signs = 0;
        foreach (Holder holder in Holders)
        {
            signs |= subject.TruthHolders(holder);
        }

        return signs >= 0 && subject.Refcount == subject.TruthReferences();
    }

    /// <inheritdoc />
    public void Tell(Kernel kernel, Folio subject, IJudge judge)
    {
        string values = $"{subject}: refcount {subject.Refcount}, held: {Describe(subject)}";
        int held = subject.TruthReferences();
        if (subject.Refcount < held)
        {
            judge.Broken(this, "fewer references counted than held", values);
        }
        else if (subject.Refcount > held)
        {
            judge.Broken(this, "more references counted than held", values);
        }
        else
        {
            judge.Broken(this, "reference dropped that was not held", values);
        }
    }

    /// <summary>Who holds how many references, for details.</summary>
    internal static string Describe(Folio folio)
    {
        string text = string.Join(
            ", ", Holders.Where(h => folio.TruthHolders(h) != 0).Select(h => $"{h} {folio.TruthHolders(h)}"));
        return text.Length == 0 ? "none" : text;
    }
}
