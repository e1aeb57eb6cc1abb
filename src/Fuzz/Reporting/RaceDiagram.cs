using Fuzz.Execution;
using Fuzz.Programs;
using Interleave;

namespace Fuzz.Reporting;

/// <summary>The execution that a machine ran last, drawn as Linux commit messages draw a race: one column for each CPU,
/// time downwards.</summary>
/// <remarks>
/// Steps are shown one by one where lanes meet: a step on an object that another lane touched just before or touches
/// just
/// after, unless both only read; what a lane changes between two accesses of another one; the ends of a turn that was
/// cut
/// short; and steps that broke a law. All others are only counted, by kernel function. The numbers on the left are step
/// numbers.
/// </remarks>
public sealed class RaceDiagram
{
    private const int RowsMax = 400;
    private readonly Program program;
    private readonly Machine machine;
    private readonly Func<int, string> nameOf;
    private readonly IReadOnlyList<Violation> violations;
    private readonly bool[] shown;
    private readonly List<DiagramRow> rows = [];
    private readonly byte[] tags = new byte[Machine.CpusMax];

    private RaceDiagram(
        Program program, Machine machine, Func<int, string> nameOf, IReadOnlyList<Violation> violations)
    {
        this.program = program;
        this.machine = machine;
        this.nameOf = nameOf;
        this.violations = violations;
        shown = new bool[machine.Steps];
    }

    /// <summary>Draws it; lines end in newlines.</summary>
    /// <param name="program">What ran.</param>
    /// <param name="machine">The machine that ran it, not yet reset.</param>
    /// <param name="nameOf">The name of the shared object with an id.</param>
    /// <param name="violations">What was broken; steps are marked with it.</param>
    public static string Draw(
        Program program, Machine machine, Func<int, string> nameOf, IReadOnlyList<Violation> violations) =>
        DiagramLayout.Print(program, Rows(program, machine, nameOf, violations));

    /// <summary>Its lines, for whoever lays them out.</summary>
    /// <param name="program">What ran.</param>
    /// <param name="machine">The machine that ran it, not yet reset.</param>
    /// <param name="nameOf">The name of the shared object with an id.</param>
    /// <param name="violations">What was broken; steps are marked with it.</param>
    public static IReadOnlyList<DiagramRow> Rows(
        Program program, Machine machine, Func<int, string> nameOf, IReadOnlyList<Violation> violations)
    {
        RaceDiagram diagram = new(program, machine, nameOf, violations);
        diagram.ChooseSteps();
        diagram.AddTurns();
        diagram.AddEnding();
        if (diagram.rows.Count > RowsMax)
        {
            int cut = diagram.rows.Count - RowsMax;
            diagram.rows.RemoveRange(RowsMax / 2, cut);
            diagram.rows.Insert(RowsMax / 2, new DiagramRow(0, -1, $"... {cut} lines left out ...", []));
        }

        return diagram.rows;
    }

    /// <summary>Whether no step is to blame: it showed when all was over, or because nothing went on.</summary>
    private bool IsLate(Violation violation) =>
        violation.Step >= machine.Steps - 1 && machine.Ending is Ending.Completed or Ending.Deadlock or Ending.Livelock;

    private void ChooseSteps()
    {
        ReadOnlySpan<TraceStep> trace = machine.Trace;
        Dictionary<ushort, List<int>> accesses = [];
        for (int i = 0; i < trace.Length; i++)
        {
            if (trace[i].Preempts)
            {
                // The step that the lane took before it was interrupted, and the one it was kept from.
                shown[i - 1] = true;
                ShowNext(trace, trace[i - 1].Cpu, i);
            }

            if (trace[i].Target != TraceStep.NoTarget)
            {
                if (!accesses.TryGetValue(trace[i].Target, out List<int>? steps))
                {
                    accesses.Add(trace[i].Target, steps = []);
                }

                steps.Add(i);
            }
        }

        foreach (List<int> steps in accesses.Values)
        {
            ChooseMeetings(trace, steps);
        }

        foreach (Violation violation in violations.Where(v => v.Step >= 0 && v.Step < shown.Length && !IsLate(v)))
        {
            shown[violation.Step] = true;
        }
    }

    /// <summary>Where lanes meet on one object, and what a lane changes there while another one is in the middle of
    /// it.</summary>
    private void ChooseMeetings(ReadOnlySpan<TraceStep> trace, List<int> steps)
    {
        int runStart = 0;
        for (int i = 1; i < steps.Count; i++)
        {
            TraceStep before = trace[steps[i - 1]];
            TraceStep after = trace[steps[i]];
            if (before.Cpu == after.Cpu)
            {
                continue;
            }

            if (!(IsRead(before) && IsRead(after)))
            {
                shown[steps[i - 1]] = true;
                shown[steps[i]] = true;
            }

            for (int inside = runStart; runStart > 0 && inside < i; inside++)
            {
                shown[steps[inside]] |= machine.Points[trace[steps[inside]].Point].Access is Access.Write or Access.Rmw;
            }

            runStart = i;
        }
    }

    private void ShowNext(ReadOnlySpan<TraceStep> trace, int cpu, int from)
    {
        for (int i = from; i < trace.Length; i++)
        {
            if (trace[i].Cpu == cpu)
            {
                shown[i] = true;
                return;
            }
        }
    }

    private bool IsRead(TraceStep step) => machine.Points[step.Point].Access is Access.Read or Access.None;

    private void AddTurns()
    {
        ReadOnlySpan<TraceStep> trace = machine.Trace;
        int first = 0;
        while (first < trace.Length)
        {
            int end = first + 1;
            while (end < trace.Length && trace[end].Cpu == trace[first].Cpu)
            {
                end++;
            }

            AddTurn(trace, first, end);
            if (end < trace.Length && !trace[end].Preempts)
            {
                AddWait(trace, trace[first].Cpu, end);
            }

            first = end;
        }
    }

    private void AddTurn(ReadOnlySpan<TraceStep> trace, int first, int end)
    {
        int i = first;
        while (i < end)
        {
            AddCalls(trace[i]);
            int groupEnd = i + 1;
            while (groupEnd < end && trace[groupEnd].Tag == trace[i].Tag
                && Function(trace[groupEnd]) == Function(trace[i]))
            {
                groupEnd++;
            }

            AddGroup(trace, i, groupEnd);
            i = groupEnd;
        }
    }

    private string Function(TraceStep step) => machine.Points[step.Point].Function;

    /// <summary>The calls that the lane has begun since its last row.</summary>
    private void AddCalls(TraceStep step)
    {
        for (int tag = tags[step.Cpu] + 1; tag <= step.Tag; tag++)
        {
            string text = ProgramText.Print(program.Language, program.Cpus[step.Cpu][Executor.CallIndex((byte)tag)]);
            string idle = tag < step.Tag ? ": nothing to do" : "";
            rows.Add(new DiagramRow(step.Cpu, -1, $"> {text}{idle}", []));
        }

        tags[step.Cpu] = Math.Max(tags[step.Cpu], step.Tag);
    }

    private void AddGroup(ReadOnlySpan<TraceStep> trace, int first, int end)
    {
        TraceStep step = trace[first];
        string function = Function(step);
        if (step.Tag == 0 || function.Length == 0)
        {
            AddStart(first, end);
            return;
        }

        if (!shown.AsSpan(first, end - first).Contains(true))
        {
            AddCounted(step.Cpu, first, function, end - first);
            return;
        }

        string alone = $"{DiagramLayout.Call(function)}: {Describe(step)}";
        if (end - first == 1 && alone.Length <= DiagramLayout.Share(program.Cpus.Length))
        {
            rows.Add(new DiagramRow(step.Cpu, first, alone, MarksOf(first)));
            return;
        }

        rows.Add(new DiagramRow(step.Cpu, -1, DiagramLayout.Call(function), []));
        int hidden = 0;
        for (int i = first; i < end; i++)
        {
            if (!shown[i])
            {
                hidden++;
                continue;
            }

            AddHidden(step.Cpu, i - hidden, hidden);
            hidden = 0;
            rows.Add(new DiagramRow(step.Cpu, i, $"  {Describe(trace[i])}", MarksOf(i)));
        }

        AddHidden(step.Cpu, end - hidden, hidden);
    }

    /// <summary>The step before a lane's first call touches nothing: shown only when it is blamed for
    /// something.</summary>
    private void AddStart(int first, int end)
    {
        for (int i = first; i < end; i++)
        {
            string[] marks = MarksOf(i);
            if (marks.Length > 0)
            {
                rows.Add(new DiagramRow(machine.Trace[i].Cpu, i, "(starts)", marks));
            }
        }
    }

    private void AddHidden(int cpu, int first, int count)
    {
        if (count > 0)
        {
            rows.Add(new DiagramRow(cpu, -1, $"  ({Steps(count)})", []) { Covered = (first, count) });
        }
    }

    /// <summary>A function in which no lanes meet: one row, and runs of such functions share one.</summary>
    private void AddCounted(int cpu, int first, string function, int count)
    {
        if (rows.Count > 0 && rows[^1] is { Counted: { } counted } row && row.Cpu == cpu)
        {
            rows[^1] = row.With(counted.Plus(function, count)) with
            {
                Covered = (row.Covered.First, row.Covered.Count + count),
            };
            return;
        }

        rows.Add(new DiagramRow(cpu, first, "", []) { Covered = (first, count) }
            .With(new CountedSteps(function, function, 1, count)));
    }

    internal static string Steps(int count) => count == 1 ? "1 step" : $"{count} steps";

    private string Describe(TraceStep step)
    {
        Point point = machine.Points[step.Point];
        return step.Target == TraceStep.NoTarget
            ? point.Name
            : $"{point.Name}: {Incident.VerbOf(point.Access)} {nameOf(step.Target)}";
    }

    private string[] MarksOf(int index) =>
        violations.Where(v => v.Step == index && !IsLate(v)).Select(MarkOf).ToArray();

    private static string MarkOf(Violation violation)
    {
        string kind = violation.Kind == LawKind.Precursor ? "" : "symptom: ";
        return $"<-- {kind}{violation.Signature.Law}";
    }

    private void AddWait(ReadOnlySpan<TraceStep> trace, int cpu, int from)
    {
        for (int i = from; i < trace.Length; i++)
        {
            if (trace[i].Cpu == cpu)
            {
                rows.Add(new DiagramRow(cpu, -1, $"  ... waits for {nameOf(trace[i].Target)}", []));
                return;
            }
        }
    }

    private void AddEnding()
    {
        if (machine.Ending == Ending.Deadlock && machine.Current is not null)
        {
            foreach (Cpu cpu in machine.Cpus)
            {
                if (!cpu.Done)
                {
                    string what = cpu.Target?.Name ?? "nothing";
                    rows.Add(new DiagramRow(
                        cpu.Index, -1, $"{cpu.Parked.Name}: waits for {what}, for ever", []));
                }
            }
        }

        foreach (Violation violation in violations.Where(v => v.Step < 0 || IsLate(v)))
        {
            string when = violation.Step < 0 ? "in the setup, before any lane ran" : "after the last step";
            DiagramRow row = new(0, -1, $"({when})", [MarkOf(violation)]);
            rows.Insert(violation.Step < 0 ? 0 : rows.Count, row);
        }
    }
}
