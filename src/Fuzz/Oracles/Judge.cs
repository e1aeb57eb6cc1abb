using Fuzz.Execution;
using Interleave;

namespace Fuzz.Oracles;

/// <summary>Turns broken laws into violations of one verdict, and names the kernel function to blame.</summary>
/// <remarks>
/// A law stays broken after the step that broke it. Each is therefore told once in an execution, for the first object
/// on which it was seen: what follows is mostly a consequence, and would only blame innocent functions.
/// </remarks>
[NotState("what was said of the way to a state")]
public sealed class Judge(Machine machine, Verdict verdict) : IJudge
{
    /// <summary>Blamed for what shows only when no call is in flight.</summary>
    public const string Rest = "rest";

    /// <summary>Blamed for what shows only when all processes are gone.</summary>
    public const string End = "end";

    /// <summary>Whom to blame where no step is known.</summary>
    public string Phase { get; set; } = Rest;

    /// <summary>Id of the point whose step is blamed; 0, the start, for none.</summary>
    public ushort Point { get; set; }

    /// <summary>Number of violations told since it was made.</summary>
    public int Told { get; private set; }

    /// <inheritdoc />
    public void Broken(
        IOracle oracle, string law, string detail, string? message = null, LawKind kind = LawKind.Precursor)
    {
        foreach (Violation known in verdict.Violations)
        {
            if (known.Signature.Oracle == oracle.Name && known.Signature.Law == law)
            {
                return;
            }
        }

        string routine = Point == 0 ? Phase : machine.Points[Point].Function;
        Add(new Signature(oracle.Name, law, routine), kind, detail, message);
    }

    /// <inheritdoc />
    public void Noticed(IOracle oracle, string law, string routine, string detail, string message) =>
        Add(new Signature(oracle.Name, law, routine), LawKind.Symptom, detail, message);

    private void Add(Signature signature, LawKind kind, string detail, string? message)
    {
        verdict.Add(new Violation(signature, kind, detail, machine.Steps - 1, message));
        Told++;
    }
}
