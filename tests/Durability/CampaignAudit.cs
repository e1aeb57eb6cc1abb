using Fuzz.Campaign;
using Fuzz.Coverage;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Reporting;
using Fuzz.Schedules;
using Generators;
using Mm;

namespace Tests.Durability;

/// <summary>Looks at the folder of a campaign again and again, and says what is not as it should be: what was there is
/// there, every file is whole, and no signature is there twice.</summary>
internal sealed class CampaignAudit
{
    private readonly string folder;
    private readonly IReadOnlyList<string> variants;
    private readonly SortedDictionary<string, string> entries = new(StringComparer.Ordinal);
    private readonly SortedSet<string> signatures = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, WorkerStatistics> told = new(StringComparer.Ordinal);

    /// <summary>An audit of a folder where nothing was seen yet.</summary>
    public CampaignAudit(string folder, IReadOnlyList<string> variants)
    {
        (this.folder, this.variants) = (folder, variants);
        Points.DefineAll();
    }

    /// <summary>Test cases that are known to be there.</summary>
    public int Entries => entries.Count;

    /// <summary>Signatures that are known to be there.</summary>
    public int Signatures => signatures.Count;

    /// <summary>Takes down what is there now: from now on it must stay. To be called while the campaign runs.</summary>
    public void Note()
    {
        foreach (string file in Queues())
        {
            entries.TryAdd(file, Convert.ToHexString(File.ReadAllBytes(file)));
        }

        foreach (Reproducer reproducer in Reproducers())
        {
            signatures.Add(reproducer.Violates.ToString());
        }

        foreach (string worker in Workers())
        {
            if (Told(worker) is { } now)
            {
                told[worker] = now;
            }
        }
    }

    /// <summary>What is wrong; nothing may run.</summary>
    public IReadOnlyList<string> Check()
    {
        List<string> wrong = [];
        foreach ((string file, string content) in entries)
        {
            if (!File.Exists(file) || Convert.ToHexString(File.ReadAllBytes(file)) != content)
            {
                wrong.Add($"{file}: lost or another one");
            }
        }

        foreach (string worker in Workers())
        {
            CheckQueue(worker, wrong);
        }

        CheckReproducers(wrong);
        if (Directory.Exists(Path.Combine(folder, "quarantine")))
        {
            wrong.Add("something was put aside");
        }

        Note();
        return wrong;
    }

    /// <summary>Hand-offs and near misses of all queues together, by replaying them.</summary>
    public (int Handoffs, int NearMisses) Coverage()
    {
        Exploration exploration = new(new MmEngine(variants), new ProgramSource(), 1);
        Silent silent = new();
        foreach (string file in Queues())
        {
            exploration.Replay(Decode(file), silent);
        }

        return (exploration.Coverage.Handoffs, exploration.Coverage.NearMisses);
    }

    private static TestCase Decode(string file) =>
        TestCaseBinary.Decode(MmLanguage.Instance, Points.Table, File.ReadAllBytes(file));

    private static WorkerStatistics? Told(string worker)
    {
        string file = Path.Combine(worker, WorkerStatistics.FileName);
        return File.Exists(file) ? WorkerStatistics.Parse(File.ReadLines(file)) : null;
    }

    private void CheckQueue(string worker, List<string> wrong)
    {
        string[] files = [.. Queues().Where(file => file.StartsWith($"{worker}/", StringComparison.Ordinal))];
        for (int i = 0; i < files.Length; i++)
        {
            if (QueueEntry.IdOf(Path.GetFileName(files[i])) != i)
            {
                wrong.Add($"{files[i]}: not number {i}");
                break;
            }

            if (!TestCaseBinary.Encode(Points.Table, Decode(files[i])).AsSpan().SequenceEqual(
                File.ReadAllBytes(files[i])))
            {
                wrong.Add($"{files[i]}: torn");
            }
        }

        if (Told(worker) is { } now)
        {
            if (now.CorpusCount > files.Length)
            {
                wrong.Add($"{worker}: told of {now.CorpusCount} test cases, has {files.Length}");
            }

            WorkerStatistics before = told.GetValueOrDefault(worker) ?? new WorkerStatistics();
            if (now.Executions < before.Executions || now.Handoffs < before.Handoffs)
            {
                wrong.Add($"{worker}: went back from {before.Handoffs} to {now.Handoffs} hand-offs, from "
                    + $"{before.Executions} to {now.Executions} executions");
            }
        }
    }

    private void CheckReproducers(List<string> wrong)
    {
        SortedSet<string> there = new(StringComparer.Ordinal);
        foreach (Reproducer reproducer in Reproducers())
        {
            if (!there.Add(reproducer.Violates.ToString()))
            {
                wrong.Add($"{reproducer.Violates}: there twice");
            }

            ReproducerRunner runner = new(reproducer, new MmEngine(reproducer.Variants), strict: true);
            if (runner.Run().End != ReplayEnd.Fails)
            {
                wrong.Add($"{reproducer.Violates}: does not fail");
            }
        }

        wrong.AddRange(signatures.Except(there).Select(lost => $"{lost}: lost"));
    }

    private IEnumerable<Reproducer> Reproducers() =>
        Directory.GetFiles(folder, "*.reproducer").Order(StringComparer.Ordinal).Select(file =>
            Reproducer.Parse(MmLanguage.Instance, File.ReadAllText(file), file));

    private IEnumerable<string> Workers() => Directory.GetDirectories(folder)
        .Where(worker => Directory.Exists(Path.Combine(worker, "queue"))).Order(StringComparer.Ordinal);

    private IEnumerable<string> Queues() => Workers().SelectMany(worker =>
        Directory.GetFiles(Path.Combine(worker, "queue")).Order(StringComparer.Ordinal));

    private sealed class Silent : IExplorationListener
    {
        public bool MayGoOn => true;

        public bool OnFailure(Program program) => true;
    }
}
