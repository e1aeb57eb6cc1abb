using System.Numerics;
using Fuzz.Programs;
using Fuzz.Schedules;

namespace Fuzz.Shrinking;

/// <summary>What is known of the programs that are made of some of a program's calls.</summary>
/// <param name="Programs">How many there are.</param>
/// <param name="Open">How many could not be explored completely.</param>
/// <param name="Failing">One that fails, too; null when none of those that were explored does.</param>
public sealed record FewestCalls(int Programs, int Open, Program? Failing)
{
    /// <summary>Most calls of a program of which all parts are tried.</summary>
    public const int CallsMax = 12;

    /// <summary>Whether every one was explored completely, and none fails.</summary>
    public bool IsProven => Open == 0 && Failing is null;

    /// <summary>Explores all programs that are made by leaving out calls, of the setup and of the lanes, and lanes that
    /// have none left; those with the fewest calls first.</summary>
    /// <param name="program">The program.</param>
    /// <param name="explore">Explores every interleaving of a program.</param>
    /// <returns>Null when the program has more than <see cref="CallsMax"/> calls.</returns>
    public static FewestCalls? Find(Program program, Func<Program, SearchResult> explore)
    {
        int calls = program.Setup.Length + program.ConcurrentCalls;
        if (calls > CallsMax)
        {
            return null;
        }

        int open = 0;
        int programs = 0;
        foreach (uint kept in Enumerable.Range(1, (1 << calls) - 2).Select(set => (uint)set)
            .OrderBy(BitOperations.PopCount))
        {
            if (Part(program, kept) is { } part)
            {
                programs++;
                SearchResult result = explore(part);
                if (result is Found)
                {
                    return new FewestCalls(programs, open, part);
                }

                open += result is Complete ? 0 : 1;
            }
        }

        return new FewestCalls(programs, open, null);
    }

    /// <inheritdoc />
    public override string ToString() => Failing is not null ? "not minimal: one of fewer of its calls fails, too"
        : Open > 0 ? $"not proven: {Open} of the {Programs} programs of fewer of its calls have too many states"
        : Programs == 0 ? "proven: it has one call"
        : $"proven: none of the {Programs} programs of fewer of its calls fails";

    /// <summary>The program with those calls only; null when no lane is left.</summary>
    private static Program? Part(Program program, uint kept)
    {
        int at = 0;
        Call[] setup = Keep(program.Setup);
        Call[][] lanes = [.. program.Cpus.Select(Keep).Where(calls => calls.Length > 0)];
        return lanes.Length == 0 ? null : program.WithCpus(lanes, setup);

        Call[] Keep(Call[] calls)
        {
            int first = at;
            at += calls.Length;
            return [.. calls.Where((_, i) => (kept >> (first + i) & 1) != 0)];
        }
    }
}
