using Fuzz.Execution;

namespace Fuzz.Oracles;

/// <summary>A load returns what was last stored at that address of that process.</summary>
/// <remarks>
/// E10. Noted where a routine loads, against shadow memory. The kernel has no message for it: this is silent data
/// corruption, and what a user notices.
/// </remarks>
public sealed class ContentOracle : ITruthOracle
{
    /// <summary>The law.</summary>
    public const string Law = "silent data corruption";

    /// <inheritdoc />
    public string Name => "content";

    /// <inheritdoc />
    public void Tell(string detail, IJudge judge) => judge.Broken(this, Law, detail, kind: LawKind.Symptom);
}
