using Fuzz.Campaign;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Reporting;
using Fuzz.Schedules;
using Generators;
using Interleave;
using Tests.Durability;
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
    public void The_budget_in_executions_is_met_exactly() =>
        Assert.Equal(1001, Run("one", executions: 1001).Statistics.Executions);

    [Fact]
    public void Without_a_folder_nothing_is_kept_and_all_else_is_the_same()
    {
        CampaignOptions options = Options("none", 7, 3000, variant: false) with { Folder = null };
        CampaignResult none = new CampaignRun(options, Parts(false, f => f)).Run();
        Assert.Equal(Counts(Run("some")), Counts(none));
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
            ProgramText.Parse(MmLanguage.Instance, "cpu0 drain"), Schedule.Empty, failure.Violates)
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
    public void A_failure_is_stored_before_it_is_shrunk_and_again_after()
    {
        List<string> texts = [];
        string file = Path.Combine(folder, "early", $"{CorpusStore.NameOf(Failures.Parse().Violates)}"
            + ".non-atomic-swapbacked.reproducer");
        List<string> told = [];
        CampaignParts parts = Parts(true, failure =>
        {
            texts.Add(File.ReadAllText(file));
            return Failures.Parse();
        });
        new CampaignRun(Options("early", 7, 1000, variant: true), parts)
        {
            Told = finding => told.Add(File.ReadAllText(finding.File!)),
        }.Run();

        Assert.Equal(texts, told[..1]);
        Assert.Contains("it is being shrunk", texts[0], StringComparison.Ordinal);
        Assert.Equal(2, told.Count);
        Assert.Equal(Failures.Parse(), Failures.Parse(told[1]));
    }

    [Fact]
    public void What_was_left_unshrunk_by_one_that_was_killed_is_shrunk_by_the_next()
    {
        CampaignOptions options = Options("left", 7, 1000, variant: true);
        Assert.Throws<TimeoutException>(() => new CampaignRun(
            options, Parts(true, _ => throw new TimeoutException())).Run());
        Assert.Single(Directory.GetFiles(Path.Combine(folder, "left"), "*.reproducer"));

        Run("left", variant: true, executions: 1, shrink: _ => Failures.Parse());
        string file = Assert.Single(Directory.GetFiles(Path.Combine(folder, "left"), "*.reproducer"));
        Assert.Equal(Failures.Parse(), Failures.Parse(File.ReadAllText(file)));
        Assert.Single(Directory.GetFiles(Path.Combine(folder, "left"), "*.report.txt"));
    }

    [Fact]
    public void A_failure_that_another_worker_is_shrinking_is_counted_and_left_to_him()
    {
        CampaignFolder campaign = Open("busy", variant: true);
        string name = $"{CorpusStore.NameOf(Failures.Parse().Violates)}.non-atomic-swapbacked";
        using FileLock other = FileLock.TryTake(Path.Combine(campaign.Folder, ".locks", name))!;
        CampaignResult result = Run(
            "busy", variant: true, shrink: _ => throw new TimeoutException("shrunk twice"));
        Assert.True(Assert.Single(result.Findings).IsKnown);
    }

    [Fact]
    public void After_a_restart_everything_that_was_seen_is_seen_again_and_totals_go_on()
    {
        CampaignResult first = Run("grow");
        int kept = Queue("grow").Length;
        Assert.Equal(first.Progress.Found, kept);
        Assert.InRange(kept, 10, 3000);

        CampaignResult second = Run("grow", seed: 99, executions: 1);
        Assert.InRange(second.Progress.Handoffs, first.Progress.Handoffs, first.Progress.Handoffs + 20);
        Assert.InRange(second.Progress.NearMisses, first.Progress.NearMisses, first.Progress.NearMisses + 20);
        Assert.Equal(1, second.Statistics.Executions);
        WorkerStatistics told = WorkerStatistics.Parse(
            File.ReadLines(Path.Combine(folder, "grow", "w0", "fuzzer_stats")));
        Assert.Equal(3001, told.Executions);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"seconds\": 1e999}")]
    [InlineData("{\"counts\": {\"executions\": -5, \"calls\": {}, \"byCpus\": [], \"byCalls\": [], \"bySetup\": []}}")]
    [InlineData("{\"counts\": {\"executions\": 9223372036854775807, \"calls\": {\"write\": [1, 2, 3]}}}")]
    [InlineData("{\"counts\": {\"calls\": {\"write\": null}, \"byCpus\": [], \"byCalls\": [], \"bySetup\": []}}")]
    public void A_checkpoint_from_anywhere_counts_for_nothing_when_it_makes_no_sense(string state)
    {
        Directory.CreateDirectory(Path.Combine(folder, "state", "w0"));
        File.WriteAllText(Path.Combine(folder, "state", "w0", "state.json"), state);
        Assert.Equal(100, Run("state", executions: 100).Statistics.Executions);
        Assert.Equal(100, Checkpoint.Load(Path.Combine(folder, "state", "w0")).Counts.Executions);
    }

    [Fact]
    public void Workers_take_over_what_others_found_and_say_from_whom()
    {
        Run("share", executions: 1000);
        CampaignOptions options = Options("share", 8, 1500, variant: false) with { Worker = "w1" };
        CampaignResult second = new CampaignRun(options, Parts(false, f => f)).Run();
        Assert.InRange(second.Progress.Imported, 10, 2000);
        Assert.Equal(second.Progress.Imported, Directory.GetFiles(
            Path.Combine(folder, "share", "w1", "queue"), "id:*,sync:w0,src:*").Length);
    }

    [Fact]
    public void Who_found_what_and_who_took_it_over_is_told_by_the_names()
    {
        Run("names", executions: 300);
        CampaignOptions options = Options("names", 8, 400, variant: false) with { Worker = "w1" };
        new CampaignRun(options, Parts(false, f => f)).Run();
        SharedFinds finds = new([Path.Combine(folder, "names", "w0"), Path.Combine(folder, "names", "w1")]);
        IReadOnlyList<SharedEntry> chain = finds.Chain("w0", "w1");
        Assert.Equal(["w0", "w1"], chain.Select(entry => entry.Worker));
        Assert.True(chain[0].IsFound);
        Assert.StartsWith($"id:{chain[1].FromId:D6},", chain[0].Name, StringComparison.Ordinal);
        Assert.Equal(chain[0].Program, chain[1].Program);
        Assert.Empty(finds.Chain("w1", "w0"));
        Assert.Equal(
            finds.Of("w1").Count(), finds.Of("w1").Count(entry => entry.IsFound) + finds.Imported("w1", "w0"));
    }

    [Fact]
    public void A_crash_of_another_fuzzer_becomes_a_reproducer_and_it_is_kept_whose_it_was()
    {
        Directory.CreateDirectory(Path.Combine(folder, "crash", "main", "queue"));
        Directory.CreateDirectory(Path.Combine(folder, "crash", "main", "crashes"));
        Reproducer failure = Failures.Parse();
        byte[] input = TestCaseBinary.Encode(
            new MmEngine().Machine.Points, new TestCase(failure.Program, failure.Schedule));
        File.WriteAllBytes(Path.Combine(folder, "crash", "main", "crashes", "id:000002,sig:06,src:000001"), input);
        CampaignResult result = Run("crash", executions: 1, variant: true);
        Assert.Equal("main/crashes/id:000002", Assert.Single(result.Findings).From);
        FindingRow row = Assert.Single(FindingRow.Parse(
            File.ReadAllLines(Path.Combine(folder, "crash", "w0", FindingRow.FileName))));
        Assert.Equal("main/crashes/id:000002", row.From);
        Assert.True(File.Exists(Path.Combine(folder, "crash", row.Reproducer)));
    }

    [Fact]
    public void Two_hosts_that_copy_their_workers_to_each_other_share_what_they_found()
    {
        Work("here", "a0", 7);
        CopyFolder(Path.Combine(folder, "here", "a0"), Path.Combine(folder, "there", "a0"));
        Work("there", "b0", 8);
        CopyFolder(Path.Combine(folder, "there", "b0"), Path.Combine(folder, "here", "b0"));
        Work("here", "a1", 9);
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(folder, "there", "b0", "queue"), "*,sync:a0,*"));
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(folder, "here", "a1", "queue"), "*,sync:b0,*"));

        void Work(string host, string worker, ulong seed) => new CampaignRun(
            Options(host, seed, 1_500, variant: false) with { Worker = worker }, Parts(false, f => f)).Run();
    }

    [Fact]
    public void Two_workers_do_not_work_under_one_name()
    {
        CampaignFolder campaign = Open("name", variant: false);
        using WorkerFolder taken = campaign.TryTake("w0")!;
        Assert.Contains(
            "another process works here", Assert.Throws<InputException>(() => Run("name")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_campaign_that_has_used_up_its_memory_says_so_and_is_complete()
    {
        CampaignOptions options = Options("memory", 7, null, variant: false) with { MemoryMax = 1 };
        CampaignResult result = new CampaignRun(options, Parts(false, f => f)).Run();
        Assert.Equal(CampaignEnd.Memory, result.End);
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
        CampaignOptions options = Options("cancel", 3, executions: null, variant: false);
        CampaignResult result = new CampaignRun(options, Parts(false, f => f)).Run(
            progress =>
            {
                if (progress.Executions > 200)
                {
                    cancel.Cancel();
                }
            },
            cancel.Token);

        Assert.Equal(CampaignEnd.Cancelled, result.End);
        Assert.True(result.Statistics.Executions > 200);
        Assert.Equal(result.Progress.Queue, Queue("cancel").Length);
        Assert.Empty(Directory.GetFiles(Path.Combine(folder, "cancel"), "*.tmp", SearchOption.AllDirectories));
    }

    [Fact]
    public void A_disk_that_fails_ends_it_with_one_clear_error()
    {
        CampaignOptions options = Options("gone", 3, executions: null, variant: false);
        string gone = options.Folder!.Folder;
        CampaignParts parts = Parts(false, f => f) with { NewSource = () => new FolderRemover(gone) };

        StorageException error = Assert.Throws<StorageException>(() => new CampaignRun(options, parts).Run());
        Assert.StartsWith(gone, error.Message, StringComparison.Ordinal);
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

    private static (long Programs, int Handoffs, int Found, string Calls) Counts(CampaignResult result) => (
        result.Statistics.Programs, result.Progress.Handoffs, result.Progress.Found,
        string.Join(' ', result.Statistics.Calls.Select(call => $"{call.Effective}/{call.NoOps}")));

    /// <summary>As rsync does: queues only, each file under another name first.</summary>
    private static void CopyFolder(string from, string to)
    {
        Directory.CreateDirectory(Path.Combine(to, "queue"));
        foreach (string file in Directory.GetFiles(Path.Combine(from, "queue")))
        {
            string half = Path.Combine(to, "queue", $".{Path.GetFileName(file)}.x1Y2z3");
            File.Copy(file, half);
            File.Move(half, Path.Combine(to, "queue", Path.GetFileName(file)));
        }
    }

    private string[] Queue(string name) =>
        [.. Directory.GetFiles(Path.Combine(folder, name, "w0", "queue")).Order(StringComparer.Ordinal)];

    /// <summary>What was kept, in its order: names hold times.</summary>
    private string[] Files(string name) =>
        [.. Queue(name).Select(file => Convert.ToHexString(File.ReadAllBytes(file)))];

    private CampaignResult Run(
        string name, ulong seed = 7, long executions = 3000, bool variant = false,
        Func<Reproducer, Reproducer>? shrink = null) =>
        new CampaignRun(Options(name, seed, executions, variant), Parts(variant, shrink ?? (f => f))).Run();

    private CampaignFolder Open(string name, bool variant) => CampaignFolder.Open(
        Path.Combine(folder, name), MmLanguage.Instance, variant ? ["non-atomic-swapbacked"] : []);

    private CampaignOptions Options(string name, ulong seed, long? executions, bool variant) => new()
    {
        Seed = seed,
        Executions = executions,
        Folder = Open(name, variant),
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
