using Fuzz.Programs;

namespace Fuzz.Shrinking;

/// <summary>Renames objects everywhere at once: two into one, gaps closed, the often used ones lowest.</summary>
/// <remarks>A shrinker that lowers one argument at a time cannot do this: between two equal numbers there is no way
/// down that keeps them equal.</remarks>
internal sealed class RenameIdentifiers : IShrinkPass
{
    /// <inheritdoc />
    public void Run(ShrinkRun run)
    {
        for (int bound = 0; bound < run.Best.Language.Shape.Count; bound++)
        {
            List<int> used = Used(run.Best, bound);
            if (used.Count > 0)
            {
                Merge(run, bound, used);
                CloseGaps(run, bound);
                Swap(run, bound);
            }
        }
    }

    /// <summary>The identifiers under a bound, ascending.</summary>
    private static List<int> Used(Program program, int bound)
    {
        SortedSet<int> used = [];
        program.WithCalls(call =>
        {
            Parameter[] parameters = program.Language.Calls[call.Kind].Parameters;
            for (int i = 0; i < parameters.Length; i++)
            {
                if (parameters[i].Bound == bound)
                {
                    used.Add(call[i]);
                }
            }

            return call;
        });
        return [.. used];
    }

    private static Program Rename(Program program, int bound, Func<int, int> rename) => program.WithCalls(call =>
    {
        Parameter[] parameters = program.Language.Calls[call.Kind].Parameters;
        for (int i = 0; i < parameters.Length; i++)
        {
            if (parameters[i].Bound == bound)
            {
                call = call.With(i, (byte)rename(call[i]));
            }
        }

        return call;
    });

    private static void Merge(ShrinkRun run, int bound, List<int> used)
    {
        for (int high = used.Count - 1; high > 0; high--)
        {
            for (int low = 0; low < high; low++)
            {
                if (run.Try(Rename(run.Best, bound, id => id == used[high] ? used[low] : id)))
                {
                    break;
                }
            }
        }
    }

    private static void CloseGaps(ShrinkRun run, int bound)
    {
        List<int> used = Used(run.Best, bound);
        if (run.Try(Rename(run.Best, bound, used.IndexOf)))
        {
            return;
        }

        // All at once was too much: one by one, each to the lowest number that is free.
        foreach (int id in used)
        {
            for (int free = 0; free < id; free++)
            {
                if (!Used(run.Best, bound).Contains(free)
                    && run.Try(Rename(run.Best, bound, other => other == id ? free : other)))
                {
                    break;
                }
            }
        }
    }

    private static void Swap(ShrinkRun run, int bound)
    {
        List<int> used = Used(run.Best, bound);
        foreach (int low in used)
        {
            foreach (int high in used)
            {
                if (high > low)
                {
                    run.Try(Rename(run.Best, bound, id => id == low ? high : id == high ? low : id));
                }
            }
        }
    }
}
