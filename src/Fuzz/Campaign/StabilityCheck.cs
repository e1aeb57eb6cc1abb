using Fuzz.Coverage;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;

namespace Fuzz.Campaign;

/// <summary>Runs one execution in so many again, on an engine of its own, where it must be the same.</summary>
/// <remarks>What AFL calls stability and measures is 100 % here, or something is wrong: then the campaign fails, for
/// nothing that it says could be relied on.</remarks>
internal sealed class StabilityCheck
{
    private const int Every = 10_000;
    private readonly Executor first;
    private readonly Executor second;
    private long next = Every;

    /// <summary>A check on an executor.</summary>
    /// <param name="first">What is checked.</param>
    /// <param name="engine">Another engine of the same kind.</param>
    public StabilityCheck(Executor first, IEngine engine)
    {
        this.first = first;
        second = new Executor(engine);
    }

    /// <summary>Looks at the execution that has just ended, if it is its turn.</summary>
    /// <param name="program">What ran.</param>
    /// <param name="execution">Its number.</param>
    /// <exception cref="InvalidOperationException">It went another way the second time.</exception>
    public void Look(Program program, long execution)
    {
        if (execution < next)
        {
            return;
        }

        next = execution + Every;
        Schedule schedule = Schedule.FromTrace(first.Engine.Machine);
        SortedSet<ulong> edges = Edges();
        EdgeMap.Begin();
        second.Run(program, new ReplayScheduler(schedule, second.Engine.Machine.Points, strict: false));
        string? odd = DeterminismCheck.Compare(first, second)?.ToString();
        SortedSet<ulong> again = Edges();
        if (odd is null && EdgeMap.IsStable && !edges.SetEquals(again))
        {
            edges.SymmetricExceptWith(again);
            odd = $"{edges.Count} code edges are not the same, {edges.Min} among them";
        }

        if (odd is not null)
        {
            throw new InvalidOperationException(
                $"execution {execution} was another one when it was run again: {odd}; program: "
                + $"{ProgramText.Print(program).ReplaceLineEndings("; ")}; schedule: {schedule}");
        }
    }

    private static SortedSet<ulong> Edges()
    {
        SortedSet<ulong> edges = [];
        EdgeMap.Visit(edge => edges.Add(edge));
        return edges;
    }
}
