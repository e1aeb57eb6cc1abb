using Fuzz.Execution;
using Fuzz.Programs;

namespace Fuzz.Campaign;

/// <summary>How often one call ran.</summary>
/// <param name="Call">The call.</param>
/// <param name="Effective">Executions that found something to do.</param>
/// <param name="NoOps">Executions that were impossible in the state they met.</param>
/// <param name="Programs">Programs that contain it.</param>
public sealed record CallStatistics(CallInfo Call, long Effective, long NoOps, long Programs)
{
    /// <summary>Share of its executions that were no-ops, 0..1.</summary>
    public double NoOpShare => Effective + NoOps == 0 ? 0 : (double)NoOps / (Effective + NoOps);
}

/// <summary>What <see cref="Statistics"/> count, to be kept in a file or sent to another process.</summary>
/// <param name="Executions">Executions.</param>
/// <param name="Programs">Programs.</param>
/// <param name="Calls">By the name of the call: executions that found something to do, no-ops, programs.</param>
/// <param name="ByCpus">See <see cref="Statistics.ByCpus"/>.</param>
/// <param name="ByCalls">See <see cref="Statistics.ByCalls"/>.</param>
/// <param name="BySetup">See <see cref="Statistics.BySetup"/>.</param>
public sealed record StatisticsCounts(
    long Executions, long Programs, IReadOnlyDictionary<string, long[]> Calls, long[] ByCpus, long[] ByCalls,
    long[] BySetup);

/// <summary>What programs look like and what their calls do. Belongs to one worker; added up in the end.</summary>
public sealed class Statistics(Language language)
{
    private readonly long[] effective = new long[language.Calls.Count];
    private readonly long[] noOps = new long[language.Calls.Count];
    private readonly long[] programs = new long[language.Calls.Count];

    /// <summary>The language of the programs.</summary>
    public Language Language { get; } = language;

    /// <summary>Programs seen.</summary>
    public long Programs { get; private set; }

    /// <summary>Executions counted.</summary>
    public long Executions { get; private set; }

    /// <summary>Programs by number of cpus.</summary>
    public long[] ByCpus { get; } = new long[language.CpusMax + 1];

    /// <summary>Programs by number of calls besides the setup.</summary>
    public long[] ByCalls { get; } = new long[language.CpusMax * language.CallsMax + 1];

    /// <summary>Programs by number of setup calls.</summary>
    public long[] BySetup { get; } = new long[language.CallsMax + 1];

    /// <summary>The calls, in the order of the language.</summary>
    public IReadOnlyList<CallStatistics> Calls => Language.Calls
        .Select(call => new CallStatistics(call, effective[call.Kind], noOps[call.Kind], programs[call.Kind]))
        .ToArray();

    /// <summary>Share of all executed calls that were no-ops, 0..1.</summary>
    public double NoOpShare
    {
        get
        {
            long idle = noOps.Sum();
            long all = idle + effective.Sum();
            return all == 0 ? 0 : (double)idle / all;
        }
    }

    /// <summary>Counts a program.</summary>
    public void Add(Program program)
    {
        Programs++;
        ByCpus[program.Cpus.Length]++;
        ByCalls[Math.Min(program.ConcurrentCalls, ByCalls.Length - 1)]++;
        BySetup[Math.Min(program.Setup.Length, BySetup.Length - 1)]++;
        ulong seen = 0;
        foreach (Call call in program.Setup)
        {
            seen |= 1UL << call.Kind;
        }

        foreach (Call[] calls in program.Cpus)
        {
            foreach (Call call in calls)
            {
                seen |= 1UL << call.Kind;
            }
        }

        for (int kind = 0; kind < programs.Length; kind++)
        {
            programs[kind] += (long)(seen >> kind & 1);
        }
    }

    /// <summary>Takes over what an executor has counted in all its life.</summary>
    public void Add(Executor executor, long executions)
    {
        Executions += executions;
        for (int kind = 0; kind < effective.Length; kind++)
        {
            effective[kind] += executor.CallCounts[kind, 0];
            noOps[kind] += executor.CallCounts[kind, 1];
        }
    }

    /// <summary>The counts, to be sent to another process.</summary>
    public StatisticsCounts ToCounts()
    {
        SortedDictionary<string, long[]> calls = new(StringComparer.Ordinal);
        foreach (CallInfo call in Language.Calls)
        {
            calls.Add(call.Name, [effective[call.Kind], noOps[call.Kind], programs[call.Kind]]);
        }

        return new StatisticsCounts(Executions, Programs, calls, ByCpus, ByCalls, BySetup);
    }

    /// <summary>Adds counts that may come from anywhere: what this language does not know is passed over.</summary>
    public void Add(StatisticsCounts counts)
    {
        Programs += counts.Programs;
        Executions += counts.Executions;
        foreach (CallInfo call in Language.Calls)
        {
            if (counts.Calls.TryGetValue(call.Name, out long[]? three) && three is { Length: 3 })
            {
                effective[call.Kind] += three[0];
                noOps[call.Kind] += three[1];
                programs[call.Kind] += three[2];
            }
        }

        Add(ByCpus, counts.ByCpus);
        Add(ByCalls, counts.ByCalls);
        Add(BySetup, counts.BySetup);
    }

    /// <summary>The mean of a histogram.</summary>
    public static double Mean(long[] histogram)
    {
        long count = histogram.Sum();
        return count == 0 ? 0 : (double)histogram.Select((n, value) => n * value).Sum() / count;
    }

    private static void Add(long[] into, long[] from)
    {
        for (int i = 0; i < into.Length && i < from.Length; i++)
        {
            into[i] += from[i];
        }
    }
}
