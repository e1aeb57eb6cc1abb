using Interleave;

namespace Fuzz.Execution;

/// <summary>The violations of one execution, in the order in which they were seen; each signature once.</summary>
[NotState("what was said of the way to a state")]
public sealed class Verdict
{
    private readonly List<Violation> violations = [];

    /// <summary>What was broken.</summary>
    public IReadOnlyList<Violation> Violations => violations;

    /// <summary>Whether anything was.</summary>
    public bool Any => violations.Count > 0;

    /// <summary>The first broken invariant, or null.</summary>
    public Violation? Precursor => violations.Find(v => v.Kind == LawKind.Precursor);

    /// <summary>The first thing the kernel or a user would have noticed, or null.</summary>
    public Violation? Symptom => violations.Find(v => v.Kind == LawKind.Symptom);

    /// <summary>Adds a violation unless its signature is there already.</summary>
    public void Add(Violation violation)
    {
        if (!violations.Exists(v => v.Signature == violation.Signature))
        {
            violations.Add(violation);
        }
    }

    /// <summary>The violation with that signature, or null.</summary>
    public Violation? Find(Signature signature) => violations.Find(v => v.Signature == signature);

    /// <summary>Forgets all, for a new execution.</summary>
    public void Reset() => violations.Clear();
}
