using Fuzz.Campaign;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Reporting;
using Generators;
using Interleave;
using Xunit;

namespace Tests.Campaign;

public sealed class CampaignRunTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("fuzz-run-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void One_worker_and_one_seed_give_the_same_campaign_to_the_last_file()
    {
        CampaignResult first = Run("first", seed: 7);
        CampaignResult second = Run("second", seed: 7);
        CampaignResult other = Run("other", seed: 8);

        Assert.Equal(Counts(first), Counts(second));
        Assert.Equal(Files("first"), Files("second"));
        Assert.NotEqual(Counts(first), Counts(other));
    }

    [Fact]
    public void The_budget_in_executions_is_met_exactly_by_any_number_of_workers()
    {
        Assert.Equal(1001, Run("one", executions: 1001).Statistics.Executions);
        Assert.Equal(1001, Run("three", executions: 1001, workers: 3).Statistics.Executions);
    }

    [Fact]
    public void A_failure_is_shrunk_and_stored_once_with_its_report_beside_it()
    {
        int shrunk = 0;
        CampaignResult result = Run("store", variant: true, shrink: failure =>
        {
            shrunk++;
            return Failures.Parse();
        });

        Finding finding = Assert.Single(result.Findings);
        Assert.Equal(1, shrunk);
        Assert.True(finding.Count > 1);
        string[] stored = Directory.GetFiles(Path.Combine(folder, "store"), "*.reproducer");
        Assert.Equal(finding.File, Assert.Single(stored));
        Assert.Equal(Failures.Parse(), Failures.Parse(File.ReadAllText(finding.File!)));
        string report = File.ReadAllText(finding.File!.Replace(".reproducer", ".report.txt", StringComparison.Ordinal));
        Assert.Equal(finding.Report, report);
        Assert.Contains(finding.File!, report, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failure_that_the_corpus_knows_is_counted_but_not_shrunk_again()
    {
        Run("again", variant: true, shrink: _ => Failures.Parse());
        CampaignResult result = Run(
            "again", variant: true, shrink: _ => throw new InvalidOperationException("shrunk again"));

        Finding finding = Assert.Single(result.Findings);
        Assert.NotNull(finding.File);
        Assert.Empty(finding.Report);
    }

    [Fact]
    public void A_failure_whose_shrunk_form_passes_is_kept_as_it_was_found()
    {
        CampaignResult result = Run("odd", variant: true, shrink: failure => new Reproducer(
            ProgramText.Parse(MmLanguage.Instance, "cpu0 drain"), Fuzz.Schedules.Schedule.Empty, failure.Violates)
        {
            Variants = failure.Variants,
        });

        Reproducer kept = Assert.Single(result.Findings).Reproducer;
        Assert.Contains("Not shrunk", kept.Remark, StringComparison.Ordinal);
        ReproducerRunner runner = new(kept, new MmEngine(kept.Variants), strict: true);
        Assert.Equal(ReplayEnd.Fails, runner.Run().End);
    }

    [Fact]
    public void A_failure_that_does_not_fail_by_itself_is_kept_and_the_campaign_goes_on()
    {
        CampaignResult result = Run(
            "alone", variant: true, shrink: _ => throw new InvalidOperationException("the program does not fail"));

        Assert.StartsWith("Not shrunk", Assert.Single(result.Findings).Reproducer.Remark, StringComparison.Ordinal);
        Assert.Equal(3000, result.Statistics.Executions);
    }

    [Fact]
    public void Programs_that_show_something_new_are_kept_and_found_again_by_the_next_campaign()
    {
        CampaignResult first = Run("grow");
        int kept = Directory.GetFiles(Path.Combine(folder, "grow"), "*.program").Length;
        Assert.Equal(first.Progress.Kept, kept);
        Assert.InRange(kept, 10, 1000);

        // A program gets 4 executions and more, and fewer only where its failure is known or its lanes share nothing.
        CampaignResult second = Run("grow", seed: 99, executions: 4L * kept);
        Assert.Equal(0, second.Statistics.Programs);
        Assert.InRange(second.Progress.Handoffs, first.Progress.Handoffs / 2, int.MaxValue);
    }

    [Fact]
    public void Garbage_in_the_corpus_does_not_keep_a_campaign_from_running()
    {
        Directory.CreateDirectory(Path.Combine(folder, "garbage"));
        File.WriteAllBytes(Path.Combine(folder, "garbage", "a.reproducer"), [1, 2, 3]);
        CampaignResult result = Run("garbage", executions: 100);

        Assert.Equal(100, result.Statistics.Executions);
        Assert.EndsWith("a.reproducer", Assert.Single(result.Quarantined).File, StringComparison.Ordinal);
    }

    [Fact]
    public void Cancelling_ends_it_with_a_complete_corpus()
    {
        using CancellationTokenSource cancel = new();
        CampaignOptions options = Options("cancel", 3, executions: null, workers: 2, variant: false);
        CampaignResult result = new CampaignRun(options, Parts(false, f => f)).Run(
            progress =>
            {
                if (progress.Executions > 200)
                {
                    cancel.Cancel();
                }
            },
            cancel.Token);

        Assert.True(result.Statistics.Executions > 200);
        CorpusContents contents = options.Corpus!.Load(MmLanguage.Instance);
        Assert.Empty(contents.Quarantined);
        Assert.Equal(result.Progress.Kept, contents.Programs.Count);
        Assert.Empty(Directory.GetFiles(options.Corpus.Folder, "*.tmp"));
    }

    [Fact]
    public void A_disk_that_fails_ends_all_workers_with_one_clear_error()
    {
        CampaignOptions options = Options("gone", 3, executions: null, workers: 2, variant: false);
        CampaignParts parts = Parts(false, f => f) with { NewSource = () => new FolderRemover(options.Corpus!.Folder) };

        StorageException error = Assert.Throws<StorageException>(() => new CampaignRun(options, parts).Run());
        Assert.StartsWith(options.Corpus!.Folder, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Calls_are_counted_with_their_no_ops()
    {
        CampaignResult result = Run("count", executions: 2000);
        Assert.Equal(MmLanguage.Instance.Calls.Count, result.Statistics.Calls.Count);
        CallStatistics write = result.Statistics.Calls[(int)MmCall.Write];
        Assert.True(write.Effective > 100);
        Assert.InRange(write.Programs, 1, result.Statistics.Programs);
        Assert.InRange(result.Statistics.NoOpShare, 0.01, 0.9);
        Assert.Equal(result.Statistics.Programs, result.Statistics.ByCpus.Sum());
    }

    private static (long Programs, int Handoffs, int Kept, string Calls) Counts(CampaignResult result) => (
        result.Statistics.Programs, result.Progress.Handoffs, result.Progress.Kept,
        string.Join(' ', result.Statistics.Calls.Select(call => $"{call.Effective}/{call.NoOps}")));

    private string[] Files(string name) => Directory.GetFiles(Path.Combine(folder, name))
        .Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal).ToArray();

    private CampaignResult Run(
        string name, ulong seed = 7, long executions = 3000, int workers = 1, bool variant = false,
        Func<Reproducer, Reproducer>? shrink = null) =>
        new CampaignRun(Options(name, seed, executions, workers, variant), Parts(variant, shrink ?? (f => f))).Run();

    private CampaignOptions Options(string name, ulong seed, long? executions, int workers, bool variant) => new()
    {
        Seed = seed,
        Executions = executions,
        Workers = workers,
        Corpus = new CorpusStore(Path.Combine(folder, name)),
        Variants = variant ? ["non-atomic-swapbacked"] : [],
    };

    /// <summary>With the variant, every program is the one that is known to fail.</summary>
    private static CampaignParts Parts(bool variant, Func<Reproducer, Reproducer> shrink) => new(
        () => variant ? new MmEngine("non-atomic-swapbacked") : new MmEngine(),
        () => variant ? new OneProgram() : new ProgramSource(), shrink);

    private sealed class FolderRemover(string folder) : IProgramSource
    {
        public Program Fresh(Rng rng)
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }

            return new ProgramSource().Fresh(rng);
        }
    }

    private sealed class OneProgram : IProgramSource
    {
        public Program Fresh(Rng rng) => Failures.Parse().Program;
    }
}
