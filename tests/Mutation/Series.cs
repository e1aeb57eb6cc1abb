using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;
using Generators;
using Interleave;

namespace Tests.Mutation;

/// <summary>
/// The campaign that every mutant gets: the same programs in the same order, each under the schedules that its number
/// gives it, so that one program runs alike whatever ran before.
/// </summary>
internal sealed class Series
{
    /// <summary>Executions of one program.</summary>
    public const int SchedulesPerProgram = 12;

    private readonly List<Program> programs = [];
    private readonly ProgramSource source = new();
    private readonly Rng rng = new(7);

    /// <summary>Runs program <paramref name="number"/> until an execution is not to be followed by another.</summary>
    /// <returns>Executions.</returns>
    public int Run(int number, Executor executor, Func<bool> goOn)
    {
        while (programs.Count <= number)
        {
            programs.Add(source.Fresh(rng));
        }

        Portfolio portfolio = new(new Rng((ulong)number));
        portfolio.NewProgram();
        for (int i = 0; i < SchedulesPerProgram; i++)
        {
            executor.Run(programs[number], portfolio.For(i));
            if (!goOn())
            {
                return i + 1;
            }
        }

        return SchedulesPerProgram;
    }
}
