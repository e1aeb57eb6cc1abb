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
        Machine one = first.Engine.Machine;
        Machine other = second.Engine.Machine;
        int same = one.Trace.CommonPrefixLength(other.Trace);
        if (same < one.Steps || same < other.Steps)
        {
            return new Divergence(same, Describe(one, same), Describe(other, same));
        }

        return CompareEnds(same);
    }

    private Divergence? CompareEnds(int steps)
    {
        (string One, string Other)[] ends =
        [
            (first.Engine.Machine.Ending.ToString(), second.Engine.Machine.Ending.ToString()),
            (Describe(first.Engine.Verdict), Describe(second.Engine.Verdict)),
            ($"{first.NoOps} no-ops", $"{second.NoOps} no-ops"),
        ];
        foreach ((string one, string other) in ends)
        {
            if (one != other)
            {
                return new Divergence(steps, one, other);
            }
        }

        return null;
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
