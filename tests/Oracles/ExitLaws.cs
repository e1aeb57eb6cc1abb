using Fuzz.Execution;
using Mm.State;
using Xunit;

namespace Tests.Oracles;

/// <summary>Laws about what is left when all processes are gone. The sane end is in <see cref="SaneStates"/>.</summary>
public class ExitLaws
{
    private readonly World world = new();

    [Fact]
    public void Counters_that_are_not_0_after_exit_are_reported()
    {
        world.Mm0.AddRss(1, -1);
        world.End();
        Broke("exit-rss", "MM_ANONPAGES is not 0 after exit", "BUG: Bad rss-counter state type:MM_ANONPAGES val:1");
        Broke("exit-rss", "MM_SWAPENTS is not 0 after exit", "BUG: Bad rss-counter state type:MM_SWAPENTS val:-1");
    }

    [Fact]
    public void An_entry_after_exit_is_reported()
    {
        world.Mm0.SetPte(1, Pte.ZeroPage);
        world.End();
        Broke("exit-rss", "page table entry after exit");
    }

    [Fact]
    public void A_vma_that_is_in_no_process_but_not_in_its_slab_is_reported()
    {
        world.Mm0.Vmas.Clear();
        world.End();
        Broke("exit-vmas", "VMA leaked");
    }

    [Fact]
    public void A_vma_that_is_in_its_slab_twice_is_reported()
    {
        world.Kernel.FreeVma(world.Vma0);
        world.Kernel.FreeVma(world.Vma0);
        world.End();
        Broke("exit-vmas", "VMA freed twice");
    }

    [Fact]
    public void A_page_table_after_exit_is_reported()
    {
        World large = new(thp: ThpPolicy.Sizes);
        large.Mm0.Table(0).SetPmd(Pmd.Table);
        large.End();
        large.BrokeAt("end", "exit-vmas", "page table leaked", "BUG: non-zero pgtables_bytes on freeing mm");
    }

    [Fact]
    public void A_leaked_page_frame_is_reported_with_whoever_holds_it()
    {
        world.OnLru().HandOver(Holder.Allocation, Holder.Lookup);
        world.End();
        Assert.Contains("Lookup 1", Broke("exit-folios", "page frame leaked").Detail, StringComparison.Ordinal);
        Broke("exit-folios", "LRU list is not empty");
    }

    [Fact]
    public void A_page_that_the_kernel_kept_back_as_bad_is_no_leak_but_a_symptom()
    {
        Folio folio = world.Kernel.TakeFrames(0)!;
        folio.PutTestZero(Holder.Allocation);
        world.Kernel.BugOn(
            true, "BUG: Bad page state, page dumped because: nonzero mapcount", "free_pages_prepare", folio);
        world.End();
        Assert.Null(world.Verdict.Find(new Signature("exit-folios", "page frame leaked", "end")));
        world.BrokeAt(
            "free_pages_prepare", "kernel", "BUG: Bad page state, page dumped because: nonzero mapcount",
            "BUG: Bad page state");
    }

    [Fact]
    public void A_batch_that_is_not_empty_is_reported()
    {
        world.Kernel.Lruvec.Batches[1].Folios.Add(world.Kernel.Folios[0]);
        world.End();
        Broke("exit-folios", "LRU batch is not empty");
    }

    [Fact]
    public void A_leaked_slot_is_reported()
    {
        world.Kernel.Swap.Allocate();
        world.End();
        Broke("exit-slots", "swap slot leaked");
    }

    [Fact]
    public void A_leaked_anon_vma_is_reported()
    {
        world.Prepare();
        world.End();
        Broke("exit-anon-vmas", "anon_vma leaked");
    }

    [Fact]
    public void A_pin_that_was_never_given_back_is_reported()
    {
        Pin pin = world.Kernel.Pins[3];
        pin.Frame = world.Kernel.Folios[0];
        pin.Mm = world.Mm0;
        world.End();
        Broke("exit-pins", "pin was never given back");
    }

    [Fact]
    public void A_sleeper_that_was_never_woken_is_reported()
    {
        Folio folio = world.OnLru();
        _ = folio.WaitQueue.Sleep(world.Cpu0, PageFlag.Locked, exclusive: false);
        world.End();
        Broke("exit-pins", "sleeper was never woken", "blocked for more than 120 seconds");
    }

    private Violation Broke(string oracle, string law, string? message = null) =>
        world.BrokeAt("end", oracle, law, message);
}
