namespace Fuzz.Coverage;

/// <summary>What a campaign learns from: executions that show something new of these are kept and mutated.</summary>
[Flags]
public enum Feedback
{
    /// <summary>Nothing: every program is a fresh one.</summary>
    None = 0,

    /// <summary>Code edges of the woven engine.</summary>
    Edges = 1,

    /// <summary>Hand-offs: two lanes touch one object in turn.</summary>
    Handoffs = 2,

    /// <summary>Near misses: one lane touches an object between two touches of another lane.</summary>
    NearMisses = 4,

    /// <summary>All of them.</summary>
    All = Edges | Handoffs | NearMisses,
}

/// <summary>How much one execution showed for the first time.</summary>
/// <param name="Edges">Code edges, or buckets of their counts.</param>
/// <param name="Handoffs">Hand-offs.</param>
/// <param name="NearMisses">Near misses.</param>
public readonly record struct Novelty(int Edges, int Handoffs, int NearMisses)
{
    /// <summary>Whether there was anything.</summary>
    public bool Any => (Edges | Handoffs | NearMisses) != 0;

    /// <summary>What of it a campaign learns from.</summary>
    public Novelty Within(Feedback feedback) => new(
        feedback.HasFlag(Feedback.Edges) ? Edges : 0,
        feedback.HasFlag(Feedback.Handoffs) ? Handoffs : 0,
        feedback.HasFlag(Feedback.NearMisses) ? NearMisses : 0);
}
