using Mm.State;

namespace Fuzz.Oracles;

/// <summary>The refcount is the number of references that somebody holds.</summary>
/// <remarks>
/// E3. Exact at every step, as count and ground truth move together; a frozen refcount says nothing, and a free folio
/// is for <see cref="FreeFolioOracle"/>. Too small ends in a use after free, too large in a page that is never freed;
/// the kernel sees neither.
/// </remarks>
public readonly struct RefcountOracle : IOracle<Folio>
{
    /// <inheritdoc />
    public string Name => "refcount";

    /// <inheritdoc />
    public bool Holds(Kernel kernel, Folio subject)
    {
        if (subject.Free || Freezing.IsFrozen(subject))
        {
            return true;
        }

        int pins = subject.TruthHolders(Holder.Pin);
        int sum = pins * subject.PinReferences;
        int signs = pins;
        for (Holder holder = Holder.Allocation; holder < Holder.Pin; holder++)
        {
            int held = subject.TruthHolders(holder);
            sum += held;
            signs |= held;
        }

        return sum == subject.Refcount && signs >= 0;
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
        IEnumerable<Holder> holders = Enum.GetValues<Holder>().Where(h => folio.TruthHolders(h) != 0);
        string text = string.Join(", ", holders.Select(h => $"{h} {folio.TruthHolders(h)}"));
        return text.Length == 0 ? "none" : text;
    }
}
