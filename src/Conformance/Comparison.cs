namespace Conformance;

/// <summary>Compares what the engine shows after a call with what a kernel of some version shows.</summary>
/// <param name="release">The kernel's version.</param>
public sealed class Comparison(Release release)
{
    private readonly Observable[] compared = [.. Observables.All.Where(observable => observable.AppliesTo(release))];

    /// <summary>Stands between the things of which a kernel may show one.</summary>
    internal const string Or = " or ";

    /// <summary>The version.</summary>
    public Release Release => release;

    /// <summary>The observables that are compared.</summary>
    public IReadOnlyList<Observable> Compared => compared;

    /// <summary>The first thing in which both differ, or null. What one of them does not show is not
    /// compared.</summary>
    public Mismatch? First(Reaction engine, Reaction kernel)
    {
        (engine, kernel) = WithoutLikePages(engine, kernel);
        foreach (Observable observable in compared)
        {
            foreach (((string subject, string? mine), (_, string? theirs)) in
                observable.Facts(engine).Zip(observable.Facts(kernel)))
            {
                if (mine is not null && theirs is not null && mine != theirs && !IsOneOf(observable, mine, theirs))
                {
                    return new Mismatch(observable, subject, mine, theirs);
                }
            }
        }

        return null;
    }

    /// <summary>Both without the pages that no observable can tell apart: that is most of hundreds.</summary>
    private (Reaction Engine, Reaction Kernel) WithoutLikePages(Reaction engine, Reaction kernel)
    {
        PageTraits traits = compared.Aggregate(PageTraits.None, (all, observable) => all | observable.Traits);
        List<PageView> mine = [];
        List<PageView> theirs = [];
        for (int i = 0; i < engine.View.Pages.Count; i++)
        {
            PageView left = engine.View.Pages[i];
            PageView right = kernel.View.Pages[i];
            bool maybe = (left.Traits & PageTraits.MayBeActive) != PageTraits.None;
            PageTraits looked = maybe ? traits & ~PageTraits.Active : traits;
            if ((left with { Traits = left.Traits & looked }) != (right with { Traits = right.Traits & looked }))
            {
                mine.Add(left);
                theirs.Add(right);
            }
        }

        return (engine with { View = engine.View with { Pages = mine } },
            kernel with { View = kernel.View with { Pages = theirs } });
    }

    private static bool IsOneOf(Observable observable, string mine, string theirs) =>
        observable.Comparing == Comparing.OneOf && mine.Split(Or).Contains(theirs, StringComparer.Ordinal);
}

/// <summary>A thing that two sides show differently.</summary>
/// <param name="Observable">What.</param>
/// <param name="Subject">Of what.</param>
/// <param name="Engine">What the engine shows.</param>
/// <param name="Kernel">What the kernel shows.</param>
public sealed record Mismatch(Observable Observable, string Subject, string Engine, string Kernel)
{
    /// <inheritdoc />
    public override string ToString() => $"{Observable.Name} of {Subject}: engine {Engine}, kernel {Kernel}";
}
