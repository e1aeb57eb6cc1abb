namespace Fuzz.Execution;

/// <summary>What sort of law was broken.</summary>
public enum LawKind
{
    /// <summary>A broken invariant of the kernel's own data: fires first, long before anybody would notice.</summary>
    Precursor,

    /// <summary>What the kernel itself would print or die of, or a user would see (wrong data, a hang).</summary>
    Symptom,
}

/// <summary>What makes two failures the same. Shrinking may not change it.</summary>
/// <param name="Oracle">The judge: <c>flags-word</c>.</param>
/// <param name="Law">Which of its laws: <c>PG_lru lost</c>.</param>
/// <param name="Routine">The kernel function whose step broke it.</param>
public sealed record Signature(string Oracle, string Law, string Routine)
{
    /// <inheritdoc />
    public override string ToString() => $"{Oracle}: {Law} [{Routine}]";
}

/// <summary>One broken law.</summary>
/// <param name="Signature">What was broken, and where.</param>
/// <param name="Kind">Precursor or symptom.</param>
/// <param name="Detail">The objects and values, for the reader.</param>
/// <param name="Step">Number of the concurrent step after which it was seen; -1 in the setup; the last step for what
/// shows at the end.</param>
/// <param name="Message">What the kernel would print, or null.</param>
public sealed record Violation(Signature Signature, LawKind Kind, string Detail, int Step, string? Message);
