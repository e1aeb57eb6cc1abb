using Fuzz.Coverage;
using Fuzz.Mutation;
using Fuzz.Programs;
using Fuzz.Schedules;
using Interleave;

namespace Fuzz.Campaign;

/// <summary>The test cases that have shown something new, and which of them is mutated next.</summary>
/// <remarks>
/// Energy goes to what is rare, as in AFLFast (Boehme, Pham, Roychoudhury, CCS 2016) and Entropic (Boehme, Manes, Cha,
/// FSE 2020): of a few entries drawn evenly that one is taken whose rarest feature was met least often, times how often
/// it was taken already.
/// </remarks>
internal sealed class Pool(Language language, Rng rng, InterleavingCoverage coverage)
{
    private const int MutantPercent = 50;
    private const int UnchangedPercent = 20;
    private const int Tournament = 6;

    /// <summary>Features by which an entry is judged: the first that it was kept for.</summary>
    private const int FeaturesMax = 8;

    private readonly List<Entry> entries = [];
    private readonly List<int> fresh = [];
    private readonly Mutator mutator = new(language, rng);

    /// <summary>Number of test cases kept.</summary>
    public int Count => entries.Count;

    /// <summary>The next program, and the schedule under which its parent was kept.</summary>
    public (Program Program, Schedule? Schedule) Draw(IProgramSource source, Feedback feedback)
    {
        if (feedback == Feedback.None || entries.Count == 0 || rng.Next(100) >= MutantPercent)
        {
            return (source.Fresh(rng), null);
        }

        Entry parent = Choose();
        parent.Chosen++;
        if (rng.Next(100) < UnchangedPercent)
        {
            return (parent.Program, parent.Schedule);
        }

        Program donor = rng.Next(2) == 0 ? source.Fresh(rng) : entries[rng.Next(entries.Count)].Program;
        return (mutator.Mutate(parent.Program, donor), parent.Schedule);
    }

    /// <summary>Takes note of the execution that has just ended, and keeps it if it showed something new.</summary>
    /// <param name="program">What ran.</param>
    /// <param name="machine">What ran it.</param>
    /// <param name="edges">Code edges that it took for the first time.</param>
    /// <param name="feedback">What counts.</param>
    public Novelty Judge(Program program, Machine machine, int edges, Feedback feedback)
    {
        fresh.Clear();
        (int handoffs, int nearMisses) = coverage.Add(machine.Trace, fresh);
        Novelty novelty = new(edges, handoffs, nearMisses);
        if (novelty.Within(feedback).Any)
        {
            fresh.RemoveAll(place => !feedback.HasFlag(place < 0 ? Feedback.NearMisses : Feedback.Handoffs));
            entries.Add(new Entry(program, Schedule.FromTrace(machine), [.. fresh.Take(FeaturesMax)]));
        }

        return novelty;
    }

    private Entry Choose()
    {
        Entry best = entries[rng.Next(entries.Count)];
        for (int i = 1; i < Tournament; i++)
        {
            Entry other = entries[rng.Next(entries.Count)];
            if (Cost(other) < Cost(best))
            {
                best = other;
            }
        }

        return best;
    }

    /// <summary>An entry that was kept for code edges alone is as rare as anything.</summary>
    private long Cost(Entry entry) =>
        (long)entry.Features.Select(coverage.Times).DefaultIfEmpty(1).Min() * (entry.Chosen + 1);

    private sealed class Entry(Program program, Schedule schedule, int[] features)
    {
        public Program Program => program;

        public Schedule Schedule => schedule;

        public int[] Features => features;

        public int Chosen { get; set; }
    }
}
