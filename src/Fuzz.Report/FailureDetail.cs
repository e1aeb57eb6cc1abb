using System.Text.Json.Serialization;
using Fuzz.Campaign;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Reporting;
using Interleave;

namespace Fuzz.Report;

/// <summary>One failure step by step, found out by replaying its reproducer.</summary>
/// <remarks>Becomes JSON as it stands. A reproducer is untrusted: long ones are not replayed, long executions are cut,
/// and <see cref="Problem"/> says so.</remarks>
public sealed record FailureDetail
{
    /// <summary>Longest text that is replayed, in characters.</summary>
    public const int LengthMax = 64 * 1024;

    /// <summary>Most steps that are shown.</summary>
    public const int StepsMax = 2000;

    private const int ChangesMax = 30_000;

    /// <summary>Name of the reproducer's file.</summary>
    public required string File { get; init; }

    /// <summary>Why there is less than there should be, or null.</summary>
    public string? Problem { get; init; }

    /// <summary>The reproducer's text.</summary>
    public required string Text { get; init; }

    /// <summary>What there is to say about it: a name and a text each.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Facts { get; init; } = [];

    /// <summary>What each lane calls.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Calls { get; init; } = [];

    /// <summary>The lines of the race diagram.</summary>
    public IReadOnlyList<DetailRow> Rows { get; init; } = [];

    /// <summary>Each step.</summary>
    [JsonIgnore]
    public IReadOnlyList<DetailStep> Steps { get; init; } = [];

    /// <summary>The same for the page, a third as long: cpu, call, function, point, verb, target (or -1) and whether it
    /// preempts, words as numbers of <see cref="Values"/>.</summary>
    [JsonPropertyName("steps")]
    public IReadOnlyList<IReadOnlyList<int>> PackedSteps { get; init; } = [];

    /// <summary>The broken laws by step.</summary>
    public IReadOnlyList<DetailViolation> Violations { get; init; } = [];

    /// <summary>What there is in the engine's state.</summary>
    [JsonIgnore]
    public IReadOnlyList<StateCell> Cells { get; init; } = [];

    /// <summary>The same for the page: group, order, object, place and field, words as numbers.</summary>
    [JsonPropertyName("cells")]
    public IReadOnlyList<IReadOnlyList<int>> PackedCells { get; init; } = [];

    /// <summary>Different words: values of cells, and names in steps.</summary>
    public IReadOnlyList<string> Values { get; init; } = [];

    /// <summary>The state before the first step, then what each step changed: cell, value, cell, value ...</summary>
    public IReadOnlyList<IReadOnlyList<int>> Changes { get; init; } = [];

    /// <summary>Replays a failure and takes it down.</summary>
    public static FailureDetail Of(StoredFailure failure)
    {
        FailureDetail bare = new() { File = failure.Name, Text = failure.Reproducer.Print() };
        if (failure.Length > LengthMax)
        {
            return bare with { Problem = $"Longer than {LengthMax} characters, and so not replayed here." };
        }

        MmEngine engine;
        try
        {
            engine = new MmEngine(failure.Reproducer.Variants);
        }
        catch (ArgumentException error)
        {
            return bare with { Problem = $"Its variants cannot be combined: {error.Message}" };
        }

        StepRecorder recorder = new(engine, StepsMax, ChangesMax);
        ReproducerRunner runner = new(failure.Reproducer, engine, strict: true);
        Replay replay = runner.Run(recorder);
        return Describe(bare, runner.Capture(), replay, recorder.History);
    }

    private static FailureDetail Describe(FailureDetail bare, Incident incident, Replay replay, StateHistory history)
    {
        Program program = incident.Reproducer.Program;
        int shown = Math.Min(incident.Steps, Math.Max(history.Changes.Count - 1, 0));
        string? problem = replay.End switch
        {
            ReplayEnd.Drifts => $"The reproducer no longer fits the engine: at step {replay.Drift!.Step} "
                + $"'{replay.Drift.Expected}' was expected and '{replay.Drift.Actual}' met.",
            ReplayEnd.Passes => "Replayed here, it breaks no law.",
            ReplayEnd.FailsOtherwise => "Replayed here, it breaks other laws than it says.",
            _ => null,
        };
        string cut = shown < incident.Steps ? $"Only the first {shown} of {incident.Steps} steps are shown." : "";
        DetailStep[] steps =
        [
            .. incident.Trace.Take(shown).Select(step => new DetailStep(
                step.Cpu, step.Call, step.Function, step.Point, step.Verb, step.Target, step.Preempts)),
        ];
        List<string> values = [];
        Dictionary<string, int> numbers = new(StringComparer.Ordinal);
        return bare with
        {
            Problem = problem is null && cut.Length == 0 ? null : $"{problem} {cut}".Trim(),
            Facts = [.. TextReport.Facts(incident).Select(fact => (IReadOnlyList<string>)[fact.Name, fact.Text])],
            Calls =
            [
                .. program.Cpus.Select(calls => (IReadOnlyList<string>)
                    [.. calls.Select(call => ProgramText.Print(program.Language, call))]),
            ],
            Rows = [.. incident.Rows.Select(row => new DetailRow(
                row.Cpu, row.Covered.First, row.Covered.Count, row.IsStep, row.Text, row.Marks))],
            Steps = steps,
            PackedSteps = [.. steps.Select(step => (IReadOnlyList<int>)
            [
                step.Cpu, step.Call, Number(step.Function), Number(step.Point), Number(step.Verb),
                step.Target is null ? -1 : Number(step.Target), step.Preempts ? 1 : 0,
            ])],
            Violations = [.. incident.Violations.Select(violation => new DetailViolation(
                violation.Step, violation.Kind == LawKind.Symptom, violation.Signature.ToString(), violation.Detail))],
            Cells = history.Cells,
            PackedCells = [.. history.Cells.Select(cell => (IReadOnlyList<int>)
            [
                Number(cell.Group.ToString()), cell.Order, Number(cell.Object), cell.Place, Number(cell.Field),
            ])],
            Changes = [.. history.Changes.Select(step => (IReadOnlyList<int>)
                [.. step.SelectMany(change => (int[])[change.Cell, Number(change.Value)])])],
            Values = values,
        };

        int Number(string value)
        {
            if (numbers.TryAdd(value, values.Count))
            {
                values.Add(value);
            }

            return numbers[value];
        }
    }
}

/// <summary>One line of a race diagram.</summary>
/// <param name="Cpu">The column.</param>
/// <param name="First">The first step that it is about.</param>
/// <param name="Count">How many steps it is about; 0 for none.</param>
/// <param name="IsStep">Whether it is not a mere count of steps.</param>
/// <param name="Text">What happens.</param>
/// <param name="Marks">Laws broken by it.</param>
public sealed record DetailRow(int Cpu, int First, int Count, bool IsStep, string Text, IReadOnlyList<string> Marks);

/// <summary>One step.</summary>
/// <param name="Cpu">The lane.</param>
/// <param name="Call">Which of its calls, or -1.</param>
/// <param name="Function">The kernel function.</param>
/// <param name="Point">Where the lane was parked.</param>
/// <param name="Verb">What it does.</param>
/// <param name="Target">To which object, or null.</param>
/// <param name="Preempts">Whether the lane before it could have gone on.</param>
public sealed record DetailStep(
    int Cpu, int Call, string Function, string Point, string Verb, string? Target, bool Preempts);

/// <summary>A broken law.</summary>
/// <param name="Step">After which step; -1 in the setup.</param>
/// <param name="IsSymptom">Whether the kernel or a user would have noticed.</param>
/// <param name="Signature">The law.</param>
/// <param name="Detail">The objects and values.</param>
public sealed record DetailViolation(int Step, bool IsSymptom, string Signature, string Detail);
