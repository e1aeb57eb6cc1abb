using Fuzz.Execution;
using Fuzz.Programs;
using Mm.State;
using Xunit;

namespace Tests.Oracles;

/// <summary>What a call that ran alone must leave behind, and what it must return.</summary>
public class AloneLaws
{
    private static readonly Call Drain = Call(MmCall.Drain);

    private readonly World world = new(memcgs: 2);

    [Fact]
    public void A_call_that_changes_nothing_and_says_what_it_must_is_silent()
    {
        world.Oracles.AfterAlone(Drain, true);
        world.Oracles.AfterAlone(Drain, false);
        world.Oracles.AfterAlone(Call(MmCall.Map, 0, 0, 1), false);
        world.Oracles.AfterAlone(Call(MmCall.Exit, 1), false);
        world.Oracles.AfterAlone(Call(MmCall.Attach, 0, 0), false);
        world.IsSilent();
    }

    [Fact]
    public void A_mapping_that_shrinks_by_itself_is_reported()
    {
        world.Vma0.End = 1;
        world.Oracles.AfterAlone(Drain, true);
        Broke("a call that ran alone left the wrong mappings");
    }

    [Fact]
    public void A_munmap_that_does_nothing_is_reported_twice()
    {
        world.Oracles.AfterAlone(Call(MmCall.Munmap, 0, 0, 1), false);
        Broke("a call that ran alone returned what it must not", "a call that ran alone left the wrong mappings");
    }

    [Fact]
    public void A_page_that_nothing_covers_but_that_has_an_entry_is_reported()
    {
        world.MapPage(1);
        world.Vma0.End = 1;
        world.Oracles.AfterAlone(Call(MmCall.Munmap, 0, 1, 1), true);
        Broke("a call that ran alone left the wrong mappings");
    }

    [Fact]
    public void Content_that_madvise_should_have_dropped_is_reported()
    {
        world.Mm0.TruthStore(0, 7);
        world.Oracles.AfterAlone(Call(MmCall.Dma), true);
        world.IsSilent();
        world.Oracles.AfterAlone(Call(MmCall.DontNeed, 0, 0, 1), true);
        Broke("a call that ran alone left the wrong content");
    }

    [Fact]
    public void After_madvise_free_a_page_reads_what_it_held_or_zero()
    {
        world.Mm0.TruthStore(0, 7);
        world.Oracles.AfterAlone(Call(MmCall.Dma), true);
        world.Mm0.TruthStore(0, 0);
        world.Oracles.AfterAlone(Call(MmCall.Free, 0, 0, 1), true);
        world.IsSilent();
    }

    [Fact]
    public void A_store_that_no_entry_shows_is_reported()
    {
        world.Mm0.TruthStore(0, 7);
        world.Oracles.AfterAlone(Call(MmCall.Write), true);
        Broke("a call that ran alone did not do what it is for");
    }

    [Fact]
    public void A_drain_that_leaves_a_folio_in_its_batch_is_reported()
    {
        world.Kernel.Lruvec.LazyfreeBatches[0].Folios.Add(world.Kernel.Folios[0]);
        world.Oracles.AfterAlone(Drain, true);
        Broke("a call that ran alone did not do what it is for");
    }

    [Fact]
    public void A_swapoff_that_leaves_a_slot_in_use_is_reported()
    {
        world.Cache(world.MapPage());
        world.Kernel.Swap.Writable = false;
        world.Oracles.AfterAlone(Call(MmCall.Swapoff), true);
        Broke("a call that ran alone did not do what it is for");
    }

    [Fact]
    public void A_swapoff_that_leaves_the_device_on_is_reported()
    {
        world.Oracles.AfterAlone(Call(MmCall.Swapoff), false);
        Broke(
            "a call that ran alone returned what it must not",
            "a call that ran alone left the wrong files, memcgs or swap");
    }

    [Fact]
    public void A_collapse_without_a_pmd_entry_is_reported()
    {
        world.Oracles.AfterAlone(Call(MmCall.Collapse), true);
        Broke("a call that ran alone did not do what it is for");
    }

    [Fact]
    public void A_store_that_a_writable_entry_shows_is_silent()
    {
        world.MapPage();
        world.Mm0.TruthStore(0, 7);
        world.Oracles.AfterAlone(Call(MmCall.Write), true);
        world.IsSilent();
    }

    [Fact]
    public void A_store_that_was_refused_without_a_reason_is_reported()
    {
        world.Oracles.AfterAlone(Call(MmCall.Write), false);
        Broke("a call that ran alone returned what it must not", "a call that ran alone left the wrong content");
    }

    [Fact]
    public void A_user_of_a_process_who_never_leaves_is_reported()
    {
        world.Mm0.Users++;
        world.Oracles.AfterAlone(Drain, true);
        Broke("a call that ran alone left the wrong process");
    }

    [Fact]
    public void A_truncation_that_leaves_the_size_is_reported()
    {
        world.Oracles.AfterAlone(Call(MmCall.Truncate), true);
        Broke("a call that ran alone left the wrong files, memcgs or swap");
    }

    [Fact]
    public void A_memcg_that_goes_while_a_process_is_in_it_is_reported()
    {
        world.Kernel.Memcgs[1].SetOffline();
        world.Mm0.Memcg = world.Kernel.Memcgs[1];
        world.Oracles.AfterAlone(Call(MmCall.Offline, 1), true);
        Broke("a call that ran alone left the wrong process");
    }

    [Fact]
    public void Nothing_is_promised_any_more_when_memory_is_broken()
    {
        world.Oracles.AfterAlone(Call(MmCall.Poison), true);
        world.Vma0.End = 1;
        world.Oracles.AfterAlone(Drain, true);
        world.IsSilent();
    }

    private static Call Call(MmCall kind, byte a = 0, byte b = 0, byte c = 0) => new((byte)kind, a, b, c);

    private void Broke(params string[] laws)
    {
        Assert.Equal(laws, world.Verdict.Violations.Select(violation => violation.Signature.Law));
        Assert.All(world.Verdict.Violations, violation =>
        {
            Assert.Equal("alone", violation.Signature.Oracle);
            Assert.Equal(LawKind.Symptom, violation.Kind);
        });
    }
}
