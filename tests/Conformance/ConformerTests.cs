using Conformance;
using Fuzz.Programs;
using Generators;
using Tests.Defects;
using Xunit;

namespace Tests.Conformance;

public class ConformerTests
{
    /// <summary>A kernel that takes every first mapping of a page from swap for the only one.</summary>
    private const string Defect = "new-rmap-always-exclusive";

    [Fact]
    public void Two_engines_of_one_version_never_differ()
    {
        Conformer conformer = Sides.With();
        for (ulong seed = 0; seed < 100; seed++)
        {
            Trial trial = conformer.Run(Sides.Draw(seed));
            Assert.True(trial.Difference is null, trial.Difference?.Print(Release.Text));
            Assert.Empty(trial.Broken);
        }

        Assert.All(
            CallMapping.Rows.Where(row => row.IsExpressible),
            row => Assert.True(conformer.CallCounts[(int)row.Call] > 0, $"{row.Call} was never made"));
    }

    [Fact]
    public void Programs_that_showed_an_error_of_the_engine_can_be_run_again()
    {
        string[] files = Directory.GetFiles(Path.Combine(CorpusFolder.Root, "corpus", "conformance"), "*.program");
        Assert.NotEmpty(files);
        Conformer conformer = Sides.With();
        Assert.All(files, file =>
        {
            string text = File.ReadAllText(file);
            Assert.StartsWith("# ", text, StringComparison.Ordinal);
            Trial trial = conformer.Run(ProgramText.Parse(MmLanguage.Instance, text));
            Assert.Equal(TrialEnd.Agrees, trial.End);
        });
    }

    [Theory]
    [InlineData("pinwrite mm0 p0; free mm0 p0 1; dma mm0 p0; unpin mm0 p0; pageout mm0 p0", TrialEnd.Outside)]
    [InlineData(
        "write mm0 p0; pageout mm0 p0; read mm0 p0; fork mm0 mm1; free mm0 p0 1; dontneed mm0 p0 1; pageout mm1 p0",
        TrialEnd.EngineFailed)]
    public void A_law_that_only_variants_break_ends_a_program_and_one_that_the_text_breaks_fails(
        string calls, TrialEnd end)
    {
        string[] variants = [global::Mm.History.UnpinLeavesClean.Name];
        using EngineSide engine = new(judged: true, variants);
        using EngineSide kernel = new(judged: false, variants);
        Conformer conformer = new(engine, kernel, new Comparison(Release.Text));
        string program = $"shape mms 2 pages 1 slots 1 device sync\nsetup {calls}";
        Assert.Equal(end, conformer.Run(ProgramText.Parse(MmLanguage.Instance, program)).End);
    }

    [Fact]
    public void A_defect_of_the_kernel_is_found_and_shrunk_to_the_calls_that_show_it()
    {
        Conformer conformer = Sides.With(Defect);
        Difference? found = null;
        for (ulong seed = 0; seed < 200 && found is null; seed++)
        {
            found = conformer.Run(Sides.Draw(seed)).Difference is { Mismatch.Observable.Name: "exclusive" } difference
                ? difference : null;
        }

        Assert.NotNull(found);
        Difference shrunk = conformer.Shrink(found);
        Assert.Equal(found.Signature, shrunk.Signature);
        Assert.True(shrunk.Program.Setup.Length <= 5, ProgramText.Print(shrunk.Program));
        Assert.Contains(shrunk.Program.Setup, call => (MmCall)call.Kind == MmCall.Fork);
        Program again = ProgramText.Parse(MmLanguage.Instance, shrunk.Print(Release.Text));
        Assert.Equal(shrunk.Signature, conformer.Run(again).Difference?.Signature);
    }

    [Fact]
    public void A_long_program_can_be_read_again_once_it_is_printed()
    {
        // What is checked in has at most sixteen calls in a section.
        string calls = string.Concat(Enumerable.Repeat("read mm0 p0; ", 13));
        Program program = ProgramText.Parse(
            MmLanguage.Instance,
            $"shape mms 2 pages 1 slots 4 device sync\nsetup {calls}write mm0 p0; pageout mm0 p0; fork mm0 mm1\n"
            + $"cpu0 {calls}read mm0 p0");
        Conformer conformer = Sides.With(Defect);
        Difference? difference = conformer.Run(program).Difference;
        Assert.NotNull(difference);
        Program again = ProgramText.Parse(MmLanguage.Instance, difference.Print(Release.Text));
        Assert.Equal(difference.Signature, conformer.Run(again).Difference?.Signature);
    }

    [Fact]
    public void Calls_that_no_kernel_can_be_asked_for_end_a_program()
    {
        Trial trial = Sides.With().Run(ProgramText.Parse(
            MmLanguage.Instance, "shape device sync\nsetup write mm0 p0; reclaim 1; read mm0 p0"));
        Assert.Equal((1, TrialEnd.Outside), (trial.Calls, trial.End));
    }

    [Fact]
    public void A_run_counts_programs_calls_and_differences_whatever_the_number_of_workers()
    {
        ConformanceRun one = Run(1);
        ConformanceRun three = Run(3);
        Assert.Equal((60, one.Calls, one.Differing), (three.Programs, three.Calls, three.Differing));
        Assert.True(one.Differing > 0);
        Assert.Equal(one.Differing, one.Unexplained);
        Assert.Equal(one.Differences.Keys, three.Differences.Keys);
        Assert.Equal(one.CallCounts.Sum(), three.CallCounts.Sum());
        Assert.Empty(one.Failures);
    }

    [Fact]
    public void A_kernel_that_is_lost_is_no_agreement()
    {
        ConformanceRun run = new(
            Release.Text, rng => Sides.Draw(rng.NextUInt64()), _ => new Lost(), new ConformanceBudget(2, 1, 1));
        run.Run(() => { }, TestContext);
        Assert.Equal((2, 2, 0), (run.Programs, run.Unexplained, run.Differing));
        Assert.Contains("the kernel is lost: no answer", run.Failures[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_kernel_that_is_lost_once_is_asked_again_and_that_is_told()
    {
        ConformanceRun run = new(
            Release.Text, rng => Sides.Draw(rng.NextUInt64()), _ => new LostOnce(), new ConformanceBudget(2, 1, 1));
        run.Run(() => { }, TestContext);
        Assert.Equal((2, 0, 0), (run.Programs, run.Unexplained, run.Differing));
        Assert.Equal(["no answer"], run.Interruptions);
    }

    private static CancellationToken TestContext => CancellationToken.None;

    private static ConformanceRun Run(int workers)
    {
        ConformanceRun run = new(
            Release.Text, rng => Sides.Draw(rng.NextUInt64()), _ => new EngineSide(judged: false, Defect),
            new ConformanceBudget(60, 5, workers));
        run.Run(() => { }, TestContext);
        return run;
    }

    private sealed class LostOnce : IKernelSide
    {
        private readonly EngineSide engine = new(judged: false);
        private bool lost;

        public void Reset(int[] shape) => engine.Reset(shape);

        public Reaction Run(CallPlan plan, global::Mm.State.Kernel other)
        {
            bool first = !lost;
            lost = true;
            return first ? throw new KernelLostException("no answer") : engine.Run(plan, other);
        }

        public void Dispose() => engine.Dispose();
    }

    private sealed class Lost : IKernelSide
    {
        public void Reset(int[] shape) => throw new KernelLostException("no answer");

        public Reaction Run(CallPlan plan, global::Mm.State.Kernel engine) =>
            throw new KernelLostException("no answer");

        public void Dispose()
        {
        }
    }
}
