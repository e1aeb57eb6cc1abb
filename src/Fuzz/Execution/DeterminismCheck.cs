using Fuzz.Programs;
using Interleave;

namespace Fuzz.Execution;

/// <summary>Where two executions of one program under the same choices went apart.</summary>
/// <param name="Step">Number of the first step that differs; the number of steps when only what came of them
/// does.</param>
/// <param name="First">What the first execution did there.</param>
/// <param name="Second">What the second one did.</param>
public sealed record Divergence(int Step, string First, string Second)
{
    /// <inheritdoc />
    public override string ToString() => $"step {Step}: first {First}, then {Second}";
}

/// <summary>Runs programs twice, on two engines of a kind, and says where the executions went apart.</summary>
/// <remarks>
/// All else rests on this: a schedule can be stored, enumerated and shrunk only when the same choices give the same
/// steps. Whatever an engine has run before must not show; so let one of the two run other programs in between.
/// </remarks>
public sealed class DeterminismCheck
{
    private readonly Executor first;
    private readonly Executor second;

    /// <summary>A check on two engines.</summary>
    /// <exception cref="ArgumentException">They do not run the same language.</exception>
    public DeterminismCheck(IEngine first, IEngine second)
    {
        if (first.Language != second.Language)
        {
            throw new ArgumentException("the engines run different languages", nameof(second));
        }

        this.first = new Executor(first);
        this.second = new Executor(second);
    }

    /// <summary>Runs the program on both engines.</summary>
    /// <param name="program">The program.</param>
    /// <param name="newScheduler">A scheduler that makes the same choices each time: asked once for each run.</param>
    /// <returns>Where they went apart, or null.</returns>
    public Divergence? Run(Program program, Func<IScheduler> newScheduler)
    {
        first.Run(program, newScheduler());
        second.Run(program, newScheduler());
        return Compare(first, second);
    }

    /// <summary>Where the last executions of two executors went apart, or null. An engine that has run other programs
    /// may number its objects otherwise; they must be the same ones all the same.</summary>
    public static Divergence? Compare(Executor first, Executor second)
    {
        Machine one = first.Engine.Machine;
        Machine other = second.Engine.Machine;
        int same = SameSteps(one.Trace, other.Trace);
        if (same < one.Steps || same < other.Steps)
        {
            return new Divergence(same, Describe(one, same), Describe(other, same));
        }

        (string One, string Other)[] ends =
        [
            (one.Ending.ToString(), other.Ending.ToString()),
            (Describe(first.Engine.Verdict), Describe(second.Engine.Verdict)),
            ($"{first.NoOps} no-ops", $"{second.NoOps} no-ops"),
        ];
        int differs = Array.FindIndex(ends, end => end.One != end.Other);
        return differs < 0 ? null : new Divergence(same, ends[differs].One, ends[differs].Other);
    }

    private static int SameSteps(ReadOnlySpan<TraceStep> one, ReadOnlySpan<TraceStep> other)
    {
        Dictionary<ushort, ushort> numbers = [];
        HashSet<ushort> taken = [];
        int same = 0;
        for (; same < Math.Min(one.Length, other.Length); same++)
        {
            (ushort here, ushort there) = (one[same].Target, other[same].Target);
            bool fits = numbers.TryGetValue(here, out ushort number)
                ? number == there
                : (here == TraceStep.NoTarget) == (there == TraceStep.NoTarget) && taken.Add(there);
            numbers[here] = there;
            if (!fits || one[same] != other[same] with { Target = here })
            {
                break;
            }
        }

        return same;
    }

    private static string Describe(Machine machine, int step)
    {
        if (step >= machine.Steps)
        {
            return "ended";
        }

        TraceStep taken = machine.Trace[step];
        string target = taken.Target == TraceStep.NoTarget ? "" : $" on object {taken.Target}";
        return $"cpu{taken.Cpu} took {machine.Points[taken.Point]}{target}";
    }

    private static string Describe(Verdict verdict) =>
        verdict.Any ? string.Join("; ", verdict.Violations) : "no law broken";
}
