namespace Fuzz.Coverage;

/// <summary>What a campaign learns from: executions that show something new of these are kept and mutated (but see
/// <see cref="Contention"/>).</summary>
[Flags]
public enum Feedback
{
    /// <summary>Nothing: every program is a fresh one, and schedules preempt anywhere.</summary>
    None = 0,

    /// <summary>Code edges of the woven engine.</summary>
    Edges = 1,

    /// <summary>Hand-offs: two lanes touch one object in turn.</summary>
    Handoffs = 2,

    /// <summary>Near misses: one lane touches an object between two touches of another lane.</summary>
    NearMisses = 4,

    /// <summary>Branches: two points that one lane passed in turn. Code edges of one lane at a time, with no need to
    /// weave: where a routine looks again and finds that somebody was there, it takes a rare one.</summary>
    Branches = 8,

    /// <summary>Contention: schedules of a program preempt where its executions have shown that lanes touch one
    /// object. Nothing is kept for it.</summary>
    Contention = 16,

    /// <summary>All of them.</summary>
    All = Edges | Handoffs | NearMisses | Branches | Contention,
}

/// <summary>How much one execution showed for the first time.</summary>
/// <param name="Edges">Code edges.</param>
/// <param name="Handoffs">Hand-offs.</param>
/// <param name="NearMisses">Near misses.</param>
/// <param name="Branches">Branches.</param>
public readonly record struct Novelty(int Edges, int Handoffs, int NearMisses, int Branches)
{
    /// <summary>Whether there was anything.</summary>
    public bool Any => (Edges | Handoffs | NearMisses | Branches) != 0;

    /// <summary>What of it a campaign learns from.</summary>
    public Novelty Within(Feedback feedback) => new(
        feedback.HasFlag(Feedback.Edges) ? Edges : 0,
        feedback.HasFlag(Feedback.Handoffs) ? Handoffs : 0,
        feedback.HasFlag(Feedback.NearMisses) ? NearMisses : 0,
        feedback.HasFlag(Feedback.Branches) ? Branches : 0);
}

/// <summary>One thing that executions can show.</summary>
/// <param name="Kind">What sort of thing: one of the flags.</param>
/// <param name="Index">Where it is counted; features that share a counter are not told apart.</param>
public readonly record struct Feature(Feedback Kind, int Index);
