using Fuzz.Coverage;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Reporting;
using Interleave;

namespace Fuzz.Campaign;

/// <summary>What the workers of one campaign share: seen hand-offs, the corpus, and failures by signature.
/// Thread-safe.</summary>
internal sealed class Findings(CampaignOptions options, CampaignParts parts)
{
    private readonly System.Threading.Lock gate = new();
    private readonly System.Threading.Lock shrinking = new();
    private readonly InterleavingCoverage coverage = new();
    private readonly SortedDictionary<string, Finding> found = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, string> known = new(StringComparer.Ordinal);
    private volatile int kept;

    /// <summary>Programs of the corpus, by which the campaign begins.</summary>
    public IReadOnlyList<Program> Start { get; private set; } = [];

    /// <summary>Files of the corpus that could not be read.</summary>
    public IReadOnlyList<Quarantined> Quarantined { get; private set; } = [];

    /// <summary>Number of different hand-offs.</summary>
    public int Handoffs => coverage.Handoffs;

    /// <summary>Programs kept.</summary>
    public int Kept => kept;

    /// <summary>Number of different signatures.</summary>
    public int Failures
    {
        get
        {
            lock (gate)
            {
                return found.Count;
            }
        }
    }

    /// <summary>The failures, sorted by signature.</summary>
    public IReadOnlyList<Finding> Failed
    {
        get
        {
            lock (gate)
            {
                return found.Values.ToArray();
            }
        }
    }

    /// <summary>Reads the corpus.</summary>
    /// <exception cref="StorageException">It cannot be read.</exception>
    public void Load(IEngine engine)
    {
        foreach ((string signature, string file) in options.Regressions)
        {
            known.Add(signature, file);
        }

        if (options.Corpus is null)
        {
            return;
        }

        CorpusContents contents = options.Corpus.Load(engine.Language, engine.Machine.Points);
        Start = contents.Programs.Select(entry => entry.Program).ToArray();
        Quarantined = contents.Quarantined;
        foreach ((string file, Reproducer reproducer) in contents.Reproducers)
        {
            if (reproducer.Variants.SequenceEqual(options.Variants, StringComparer.Ordinal))
            {
                known.TryAdd(reproducer.Violates.ToString(), file);
            }
        }
    }

    /// <summary>A worker's program showed something that was new to that worker.</summary>
    public void Offer(Program program, ReadOnlySpan<TraceStep> trace)
    {
        lock (gate)
        {
            if (coverage.Add(trace).Handoffs == 0)
            {
                return;
            }
        }

        // Several schedules of one program may each show something new: it is kept once.
        if (options.Corpus is null || options.Corpus.Add(program))
        {
            Interlocked.Increment(ref kept);
        }
    }

    /// <summary>A worker met a failure.</summary>
    /// <param name="failure">As found.</param>
    /// <param name="execution">Number of the worker's execution.</param>
    public void Report(Reproducer failure, long execution)
    {
        string key = failure.Violates.ToString();
        lock (gate)
        {
            if (found.TryGetValue(key, out Finding? earlier))
            {
                earlier.Count++;
                return;
            }

            // Claimed: other workers that meet it meanwhile only count it.
            found.Add(key, new Finding(failure, execution, known.GetValueOrDefault(key), "")
            {
                IsRegression = options.Regressions.ContainsKey(key),
            });
            if (known.ContainsKey(key))
            {
                return;
            }
        }

        Finding finding = Settle(failure, execution);
        lock (gate)
        {
            finding.Count = found[key].Count;
            found[key] = finding;
        }
    }

    private Reproducer Shrink(Reproducer failure)
    {
        try
        {
            return parts.Shrink(failure);
        }
        catch (InvalidOperationException)
        {
            return AsSeen(
                failure, "Not shrunk: it does not fail by itself. An execution before has left something behind.");
        }
    }

    /// <summary>Never lose a failure: the one that was seen is kept, with what is odd about it.</summary>
    private static Reproducer AsSeen(Reproducer failure, string remark) =>
        new(failure.Program, failure.Schedule, failure.Violates)
        {
            Variants = failure.Variants,
            Engine = failure.Engine,
            Symptom = failure.Symptom,
            Remark = remark,
        };

    private Finding Settle(Reproducer failure, long execution)
    {
        lock (shrinking)
        {
            Reproducer small = Shrink(failure);
            ReproducerRunner runner = new(small, parts.NewEngine(), strict: true);
            Replay replay = runner.Run();
            if (replay.End != ReplayEnd.Fails)
            {
                small = AsSeen(failure, $"Not shrunk: the shrunk one did not fail again ({replay.End}).");
                runner = new ReproducerRunner(small, parts.NewEngine(), strict: true);
                runner.Run();
            }

            Incident incident = runner.Capture();
            if (options.Corpus is null)
            {
                return new Finding(small, execution, null, TextReport.Print(incident, null));
            }

            string variants = options.Variants.Count == 0 ? "" : $".{string.Join('+', options.Variants)}";
            string file = options.Corpus.Add(
                CorpusStore.NameOf(small.Violates) + variants, small, path => TextReport.Print(incident, path));
            return new Finding(small, execution, file, TextReport.Print(incident, file));
        }
    }
}
