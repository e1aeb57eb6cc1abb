using Fuzz.Campaign;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Reporting;
using Fuzz.Schedules;
using Mm;
using Xunit;

namespace Tests.Defects;

public class RegressionTests
{
    private const int Times = 1000;

    public static TheoryData<string> Files =>
    [
        .. Directory.GetFiles(Folder, $"*{CorpusStore.ReproducerSuffix}")
            .Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal),
    ];

    private static string Folder => Path.Combine(CorpusFolder.Root, "corpus", "regressions");

    [Theory]
    [MemberData(nameof(Files))]
    public void Each_regression_still_does_what_its_header_says_1000_times_of_1000(string file)
    {
        Reproducer reproducer = Read(file);
        ReproducerRunner runner = new(reproducer, new MmEngine(reproducer.Variants), strict: true);
        for (int i = 0; i < Times; i++)
        {
            Assert.Equal(new Replay(ReplayEnd.Fails), runner.Run());
        }
    }

    [Theory]
    [InlineData("swapin-locks-a-reused-frame", "swap-cache-lookup-recheck")]
    [InlineData("swapin-locks-a-folio-in-the-making", "swap-cache-lookup-recheck")]
    [InlineData("uffd-move-fails-after-moving", "uffd-move-clears-error")]
    [InlineData("uffd-move-and-mremap-wait-for-ever", "mremap-orders-tables")]
    [InlineData("list-corrupted-by-the-scan", "batch-scan")]
    [InlineData("torn-list-is-walked", "batch-scan")]
    [InlineData("partially-mapped-on-no-queue", "batch-scan")]
    [InlineData("queued-while-unlinked", "batch-scan")]
    [InlineData("freed-while-unlinked", "careful-unqueue")]
    [InlineData("munlock-strands-a-folio", "munlock-under-lock")]
    [InlineData("fault-wakes-a-freed-folio", "file-fault-holds-reference")]
    public void With_its_fix_no_schedule_of_a_regression_fails(string name, string fix)
    {
        Reproducer reproducer = Read(name + CorpusStore.ReproducerSuffix);
        Executor executor = new(new MmEngine(fix));
        SearchResult result = ExhaustiveSearch.Ascending(
            search => executor.Run(reproducer.Program, search), reproducer.Schedule.Preemptions, 2_000_000);
        Assert.True(
            result is Complete || result is Bounded bounded && bounded.Preemptions == reproducer.Schedule.Preemptions,
            result.ToString());
    }

    [Fact]
    public void A_lock_for_every_walk_keeps_ksmd_from_taking_the_folio()
    {
        Reproducer reproducer = Read("age-walks-a-folio-that-ksmd-takes.reproducer");
        Executor executor = new(new MmEngine("referenced-always-locked"));
        SearchResult result = ExhaustiveSearch.Ascending(
            search => executor.Run(reproducer.Program, search), reproducer.Schedule.Preemptions, 2_000_000);
        Assert.True(result is Bounded { Preemptions: 2 } or Complete, result.ToString());
    }

    [Theory]
    [InlineData("fork-loses-a-dirty-bit", "fork-rereads-entry", 1)]
    [InlineData("fork-drops-a-stored-page", "fork-rereads-entry", 1)]
    [InlineData("refault-leaves-a-stale-read", "flush-before-removal", 2)]
    [InlineData("writeback-misses-reclaims-flush", "flush-before-unlock", 1)]
    public void What_the_tlb_has_shown_is_put_right_by_its_fix(string name, string fix, int preemptions)
    {
        Reproducer reproducer = Read($"{name}.reproducer");
        Assert.Equal(preemptions, reproducer.Schedule.Preemptions);
        Executor executor = new(new MmEngine(fix));
        SearchResult result = ExhaustiveSearch.Ascending(
            search => executor.Run(reproducer.Program, search), preemptions, 2_000_000);
        Assert.True(
            result is Complete || (result is Bounded bounded && bounded.Preemptions == preemptions),
            result.ToString());
    }

    [Fact]
    public void A_test_of_the_mapcount_keeps_madvise_free_off_shared_pages()
    {
        Reproducer reproducer = Read("madvise-free-drops-a-shared-page.reproducer");
        Executor executor = new(new MmEngine("madvise-free-tests-mapcount"));
        Assert.IsType<Complete>(
            ExhaustiveSearch.Ascending(search => executor.Run(reproducer.Program, search), 4, 2_000_000));
    }

    [Fact]
    public void A_look_at_the_mapcount_keeps_memory_failure_from_uncharging_what_is_mapped()
    {
        Reproducer reproducer = Read("poison-uncharges-a-mapped-folio.reproducer");
        Executor executor = new(new MmEngine("poison-spares-mapped"));
        SearchResult result = ExhaustiveSearch.Ascending(
            search => executor.Run(reproducer.Program, search), reproducer.Schedule.Preemptions, 2_000_000);
        Assert.True(result is Bounded { Preemptions: 3 } or Complete, result.ToString());
    }

    [Fact]
    public void A_look_at_the_poison_flag_keeps_ksmd_from_merging_into_broken_memory()
    {
        Reproducer reproducer = Read("ksmd-merges-into-poison.reproducer");
        Executor executor = new(new MmEngine("ksm-spares-poisoned"));
        Assert.IsType<Complete>(
            ExhaustiveSearch.Ascending(search => executor.Run(reproducer.Program, search), 1, 1000));
    }

    private static Reproducer Read(string file) =>
        Reproducer.Parse(MmLanguage.Instance, File.ReadAllText(Path.Combine(Folder, file)), file, Points.Table);
}
