using System.Diagnostics.CodeAnalysis;
using Fuzz.Execution;

namespace Fuzz.Target;

/// <summary>An input broke a law: what a fuzzer takes for a crash.</summary>
[SuppressMessage("Design", "RCS1194", Justification = "Without a violation there is no such thing.")]
public sealed class FoundException(Violation violation) : Exception($"{violation.Signature}: {violation.Message}")
{
    /// <summary>What was broken.</summary>
    public Violation Violation { get; } = violation;
}
