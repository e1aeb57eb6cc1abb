using Fuzz.Programs;
using Mm.State;

namespace Conformance;

/// <summary>One row of <see cref="CallMapping"/>: what a call of the engine is in a real kernel.</summary>
/// <param name="Call">The call.</param>
/// <param name="SystemCall">How user space makes it; empty when it cannot.</param>
/// <param name="Reason">Why it cannot be made, or not so that it always does the same; empty when it can.</param>
public sealed record CallRow(MmCall Call, string SystemCall, string Reason)
{
    /// <summary>The operations of the agent, in order; none when the call would do nothing in this state. A word
    /// <c>V</c> stands for the value that the engine has stored.</summary>
    internal Func<Situation, IEnumerable<string>> Operations { get; init; } = static _ => [];

    /// <summary>What the kernel answers to the last of them when it does what the engine did; null where it is free to
    /// answer what it likes. Asked with the state before the call, and what the engine returned.</summary>
    internal Func<Situation, bool, string?> Answer { get; init; } = static (_, _) => null;

    /// <summary>How often the engine makes the call for what a kernel does at once.</summary>
    public int Times { get; init; } = 1;

    /// <summary>Whether it can be made.</summary>
    public bool IsExpressible => Reason.Length == 0;

    /// <summary>The oldest of Debian's kernels that has it; null for all.</summary>
    public Version? Since { get; init; }

    /// <summary>Whether it can be made on a kernel of that version.</summary>
    public bool AppliesTo(Release release) => IsExpressible && release.Number >= (Since ?? new());
}

/// <summary>A call as it is made in the state that the engine is in.</summary>
/// <param name="Row">Its row.</param>
/// <param name="Call">The call.</param>
/// <param name="Stretch">How many pages one of the call stands for, as a power of two.</param>
/// <param name="Operations">The agent's operations.</param>
/// <param name="Answer">What the kernel should answer, once the engine has returned; null for anything.</param>
public sealed record CallPlan(
    CallRow Row, Call Call, int Stretch, IReadOnlyList<string> Operations, Func<Kernel, bool, string?> Answer)
{
    private const string ValueWord = " V";

    /// <summary>The operations with the value that the engine has stored, if it has.</summary>
    /// <param name="kernel">The engine after the call.</param>
    public IEnumerable<string> OperationsWithValue(Kernel kernel)
    {
        Situation after = new(kernel, Call, Stretch);
        return Operations.Select(operation => operation.EndsWith(ValueWord, StringComparison.Ordinal)
            ? $"{operation.AsSpan(0, operation.Length - 1)}{after.Stored}"
            : operation);
    }
}
