using Fuzz.Execution;
using Fuzz.Programs;
using Interleave;
using Mm.State;
using Xunit;

namespace Tests.Oracles;

/// <summary>
/// Memory that was given back is left alone, and pages on their way to a stable-writes device are not written.
/// </summary>
public class FreedLaws
{
    private readonly World world = new();

    [Fact]
    public void A_folio_in_the_allocator_that_is_changed_is_reported()
    {
        Folio folio = world.Kernel.TakeFrames(0)!;
        folio.Set(PageFlag.Uptodate);
        world.Step();
        world.IsSilent();
        world.Kernel.GiveFrames(folio);
        folio.Set(PageFlag.Dirty);
        world.Step();
        world.Broke("use-after-free", "freed memory is used", "use-after-free");
    }

    [Fact]
    public void A_slot_of_a_device_that_swapoff_has_freed_is_left_alone()
    {
        SwapDevice swap = world.Kernel.Swap;
        swap.TruthGone = true;
        world.Step();
        world.IsSilent();
        swap.Duplicate(0);
        world.Step();
        world.Broke("use-after-free", "freed memory is used", "use-after-free");
    }

    [Theory]
    [InlineData("sync", true)]
    [InlineData("async", false)]
    public void A_store_to_a_page_under_writeback_is_reported_where_the_device_wants_stable_writes(
        string device, bool reported)
    {
        MmEngine engine = new();
        Executor executor = new(engine);
        Program program = ProgramText.Parse(
            MmLanguage.Instance, $"shape device {device}\nsetup write mm0 p0\ncpu0 write mm0 p0");
        executor.Run(program, new StartsWriteback(engine.Kernel));
        Assert.Equal(
            reported,
            engine.Verdict.Violations.Any(v => v.Signature is { Oracle: "stable-writes", Routine: "user store" }));
    }

    /// <summary>Runs the only lane, after it has put its page under writeback by hand.</summary>
    private sealed class StartsWriteback(Kernel kernel) : IScheduler
    {
        public bool SeesForcedSteps => true;

        public void Begin(int cpus) => kernel.Folios[kernel.Mms[0][0].Target].Set(PageFlag.Writeback);

        public int Next(in Choice choice) => 0;
    }
}
