using Fuzz.Programs;

namespace Fuzz.Shrinking;

/// <summary>Makes single calls simpler: an earlier kind with the same parameters, lower numbers, lower
/// identifiers.</summary>
internal sealed class SimplifyCalls : IShrinkPass
{
    /// <inheritdoc />
    public void Run(ShrinkRun run)
    {
        for (int section = Edit.Setup; section < run.Best.Cpus.Length; section++)
        {
            for (int index = 0; index < run.Best.Section(section).Length; index++)
            {
                SimplifyKind(run, section, index);
                Parameter[] parameters = run.Best.Language.Calls[run.Best.Section(section)[index].Kind].Parameters;
                for (int i = 0; i < parameters.Length; i++)
                {
                    Lower(run, section, index, i, parameters[i]);
                }
            }
        }
    }

    private static void SimplifyKind(ShrinkRun run, int section, int index)
    {
        Call call = run.Best.Section(section)[index];
        IReadOnlyList<CallInfo> calls = run.Best.Language.Calls;
        for (byte kind = 0; kind < call.Kind; kind++)
        {
            if (TakesTheSame(calls[kind].Parameters, calls[call.Kind].Parameters)
                && run.Try(run.Best.WithCall(section, index, call with { Kind = kind })))
            {
                return;
            }
        }
    }

    private static bool TakesTheSame(Parameter[] a, Parameter[] b)
    {
        bool same = a.Length == b.Length;
        for (int i = 0; same && i < a.Length; i++)
        {
            same = (a[i].Bound, a[i].Min, a[i].Max) == (b[i].Bound, b[i].Min, b[i].Max);
        }

        return same;
    }

    /// <summary>The least value that fails, by bisection; at the end the value just below was tried and
    /// passed.</summary>
    private static void Lower(ShrinkRun run, int section, int index, int argument, Parameter parameter)
    {
        int least = parameter.IsIdentifier ? 0 : parameter.Min;
        int Value() => run.Best.Section(section)[index][argument];
        bool Try(int value)
        {
            Call call = run.Best.Section(section)[index];
            return run.Try(run.Best.WithCall(section, index, call.With(argument, (byte)value)));
        }

        if (Value() == least || Try(least))
        {
            return;
        }

        int passes = least;
        while (Value() - passes > 1)
        {
            int middle = passes + (Value() - passes) / 2;
            if (!Try(middle))
            {
                passes = middle;
            }
        }
    }
}
