using Fuzz.Execution;
using Fuzz.Programs;
using Interleave;

namespace Fuzz.Reporting;

/// <summary>One failing execution, taken down for reports while the machine still remembers it.</summary>
/// <param name="Reproducer">What was run, and what it was expected to break.</param>
/// <param name="Violations">What was broken, in the order in which it was seen.</param>
/// <param name="Ending">How the execution ended.</param>
/// <param name="Steps">Number of steps of the concurrent part.</param>
/// <param name="Trace">The steps, for distances and names.</param>
/// <param name="Rows">The lines of the race diagram.</param>
public sealed record Incident(
    Reproducer Reproducer,
    IReadOnlyList<Violation> Violations,
    Ending Ending,
    int Steps,
    IReadOnlyList<IncidentStep> Trace,
    IReadOnlyList<DiagramRow> Rows)
{
    /// <summary>The race diagram as text; lines end in newlines.</summary>
    public string Diagram => DiagramLayout.Print(Reproducer.Program, Rows);

    /// <summary>The violation that the reproducer is about; when it was not seen, the first one; null when nothing
    /// broke.</summary>
    public Violation? Main =>
        Violations.FirstOrDefault(v => v.Signature == Reproducer.Violates)
        ?? (Violations.Count > 0 ? Violations[0] : null);

    /// <summary>The first broken invariant, or null.</summary>
    public Violation? Precursor => Violations.FirstOrDefault(v => v.Kind == LawKind.Precursor);

    /// <summary>The first thing that the kernel or a user would have noticed, or null.</summary>
    public Violation? Symptom => Violations.FirstOrDefault(v => v.Kind == LawKind.Symptom);

    /// <summary>Steps from the precursor to the symptom, or null when there are not both.</summary>
    public int? Distance => Precursor is { } from && Symptom is { } to ? to.Step - from.Step : null;

    /// <summary>What the kernel prints, in order.</summary>
    public IEnumerable<string> Messages => MessagesOf(LawKind.Symptom);

    /// <summary>What the kernel would print sooner or later because of what was broken, and has not printed
    /// yet.</summary>
    public IEnumerable<string> Threats => MessagesOf(LawKind.Precursor).Except(Messages, StringComparer.Ordinal);

    /// <summary>Takes down what <paramref name="engine"/> ran last.</summary>
    public static Incident Capture(Reproducer reproducer, IEngine engine)
    {
        Machine machine = engine.Machine;
        Func<int, string> nameOf = ObjectNames.Of(engine);
        Violation[] violations = engine.Verdict.Violations.ToArray();
        IReadOnlyList<DiagramRow> rows = RaceDiagram.Rows(reproducer.Program, machine, nameOf, violations);
        IncidentStep[] trace = new IncidentStep[machine.Steps];
        for (int i = 0; i < trace.Length; i++)
        {
            TraceStep step = machine.Trace[i];
            Point point = machine.Points[step.Point];
            string? target = step.Target == TraceStep.NoTarget ? null : nameOf(step.Target);
            trace[i] = new IncidentStep(
                step.Cpu, Executor.CallIndex(step.Tag), point.Name, point.Function, VerbOf(point.Access), target,
                step.Preempts);
        }

        return new Incident(reproducer, violations, machine.Ending, machine.Steps, trace, rows);
    }

    /// <summary>What a step does to its object, in a word.</summary>
    internal static string VerbOf(Access access) => access switch
    {
        Access.Read => "reads",
        Access.Write => "writes",
        Access.Rmw => "updates",
        Access.Acquire => "takes",
        Access.Release => "releases",
        _ => "at",
    };

    private IEnumerable<string> MessagesOf(LawKind kind) => Violations
        .Where(v => v.Kind == kind).Select(v => v.Message).OfType<string>().Distinct(StringComparer.Ordinal);
}

/// <summary>One step of an incident, with names instead of numbers.</summary>
/// <param name="Cpu">The lane.</param>
/// <param name="Call">Which of the lane's calls is in flight; -1 before the first.</param>
/// <param name="Point">Where it was parked before.</param>
/// <param name="Function">The kernel function.</param>
/// <param name="Verb">What it did there: <c>reads</c>, <c>takes</c>.</param>
/// <param name="Target">The object it touched, or null.</param>
/// <param name="Preempts">Whether the lane that ran before could have gone on.</param>
public sealed record IncidentStep(
    int Cpu, int Call, string Point, string Function, string Verb, string? Target, bool Preempts);
