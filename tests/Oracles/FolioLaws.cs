using Fuzz.Execution;
using Interleave;
using Mm.State;
using Xunit;

namespace Tests.Oracles;

/// <summary>Laws about one folio that hold after every step: each is broken by hand once.</summary>
public class FolioLaws
{
    private readonly World world = new();

    [Theory]
    [InlineData(PageFlag.Lru, "PG_lru lost")]
    [InlineData(PageFlag.Waiters, "PG_waiters lost")]
    [InlineData(PageFlag.Active, "PG_active lost")]
    [InlineData(PageFlag.Referenced, "PG_referenced lost")]
    [InlineData(PageFlag.AnonExclusive, "PG_anon_exclusive lost")]
    public void A_flag_set_between_read_and_store_of_the_word_is_lost(PageFlag flag, string law)
    {
        Folio folio = world.Kernel.TakeFrames(0)!;
        PageFlag read = folio.Flags;
        folio.Set(flag);
        folio.StoreFlags(read | PageFlag.Swapbacked, PageFlag.Swapbacked);
        world.Step();
        Assert.Equal(LawKind.Precursor, world.Broke("flags-word", law).Kind);
    }

    [Fact]
    public void A_flag_cleared_between_read_and_store_of_the_word_is_resurrected()
    {
        Folio folio = world.MapPage();
        PageFlag read = folio.Flags;
        folio.Get(Holder.Isolation);
        folio.Clear(PageFlag.Lru);
        FolioList.Remove(world.Kernel, folio);
        folio.StoreFlags(read | PageFlag.Swapbacked, PageFlag.Swapbacked);
        world.Step();
        world.Broke("flags-word", "PG_lru resurrected");
        Assert.Same(world.Verdict.Precursor, world.Broke("flags-word", "PG_lru resurrected"));
    }

    [Fact]
    public void Each_bit_of_one_bad_store_is_a_law_of_its_own()
    {
        Folio folio = world.Kernel.TakeFrames(0)!;
        folio.Set(PageFlag.Waiters | PageFlag.Referenced);
        folio.StoreFlags(PageFlag.Swapbacked, PageFlag.Swapbacked);
        world.Step();
        world.Broke("flags-word", "PG_waiters lost");
        world.Broke("flags-word", "PG_referenced lost");
    }

    [Fact]
    public void A_store_of_the_whole_word_that_changes_only_its_own_bit_is_silent()
    {
        Folio folio = world.Kernel.TakeFrames(0)!;
        folio.Set(PageFlag.Uptodate);
        folio.StoreFlags(folio.Flags | PageFlag.Swapbacked, PageFlag.Swapbacked);
        world.Step();
        world.IsSilent();
    }

    [Fact]
    public void A_first_mapper_who_is_not_alone_is_reported()
    {
        Folio folio = world.MapPage();
        world.Step();
        world.IsSilent();
        folio.TruthFirstMap = "folio 0 is first-mapped although its mapcount is 1";
        folio.StoreMapcount(0);
        world.Step();
        world.Broke("first-map", "folio is first-mapped twice", "Bad page map");
    }

    [Fact]
    public void A_mapcount_below_the_entries_is_reported()
    {
        Folio folio = world.MapPage();
        folio.DecMapcount();
        world.Step();
        world.Broke("mapcount", "fewer mappings counted than there are", "BUG: Bad page map");
    }

    [Fact]
    public void A_mapcount_above_the_entries_is_silent()
    {
        Folio folio = world.MapPage();
        folio.Clear(PageFlag.AnonExclusive);
        world.Mm0.SetPte(0, world.Mm0[0].Without(PteFlag.Write));
        folio.Get(Holder.Mapping);
        folio.IncMapcount();
        world.Step();
        world.IsSilent();
    }

    [Fact]
    public void A_refcount_below_the_mapcount_is_reported()
    {
        Folio folio = world.MapPage();
        folio.PutTestZero(Holder.Mapping);
        world.Step();
        world.Broke("mapcount", "fewer references than mappings", "nonzero mapcount");
    }

    [Fact]
    public void A_negative_mapcount_is_reported()
    {
        Folio folio = world.OnLru();
        folio.DecMapcount();
        world.Step();
        world.Broke("counter-sign", "negative mapcount", "BUG: Bad page map");
    }

    [Fact]
    public void A_negative_refcount_is_reported()
    {
        Folio folio = world.OnLru();
        folio.PutTestZero(Holder.Allocation);
        folio.PutTestZero(Holder.Allocation);
        world.Step();
        world.Broke("counter-sign", "negative refcount", "nonzero _refcount");
    }

    [Fact]
    public void A_refcount_that_nobody_holds_is_reported()
    {
        Folio folio = world.MapPage();
        folio.Get(Holder.Lookup);
        folio.ForgetHolder(Holder.Lookup);
        world.Step();
        world.Broke("refcount", "more references counted than held");
    }

    [Fact]
    public void A_reference_that_is_not_counted_is_reported()
    {
        Folio folio = world.MapPage();
        folio.Get(Holder.Lookup);
        Assert.True(folio.Freeze(2));
        folio.Unfreeze(1);
        world.Step();
        world.Broke("refcount", "fewer references counted than held");
    }

    [Fact]
    public void A_reference_dropped_by_somebody_else_is_reported()
    {
        Folio folio = world.MapPage();
        folio.Get(Holder.Isolation);
        folio.PutTestZero(Holder.Lookup);
        world.Step();
        world.Broke("refcount", "reference dropped that was not held");
    }

    [Fact]
    public void A_pin_counts_as_1024_references_and_is_silent()
    {
        Folio folio = world.MapPage();
        folio.Get(Holder.Pin);
        Assert.Equal(1 + Folio.PinBias, folio.Refcount);
        world.Step();
        world.IsSilent();
    }

    [Fact]
    public void A_migration_entry_of_an_unlocked_folio_is_reported()
    {
        Folio folio = world.OnLru();
        world.Mm0.AddRss(1, 0);
        world.Mm0.SetPte(0, new Pte(PteKind.Migration, folio.Pfn, PteFlag.None));
        world.Lock(folio);
        world.Step();
        world.IsSilent();
        folio.Clear(PageFlag.Locked);
        world.Step();
        world.Broke("migration-entry", "migration entry of an unlocked folio", "BUG_ON(!folio_test_locked(folio))");
    }

    [Fact]
    public void A_migration_entry_of_a_folio_without_references_is_reported_unless_frozen()
    {
        Folio folio = world.OnLru();
        world.Mm0.AddRss(1, 0);
        world.Mm0.SetPte(0, new Pte(PteKind.Migration, folio.Pfn, PteFlag.None));
        world.Lock(folio);
        folio.Freeze(1);
        world.Step();
        world.IsSilent();
        folio.Unfreeze(1);
        folio.PutTestZero(Holder.Allocation);
        world.Step();
        world.Broke("migration-entry", "migration entry of a folio without references");
    }

    [Fact]
    public void A_mapped_folio_without_anon_tag_is_reported()
    {
        Folio folio = world.OnLru();
        folio.StoreMapcount(0);
        world.Step();
        world.Broke("anon-tag", "mapped folio without anon tag", "VM_WARN_ON_FOLIO(!folio_test_anon(folio))");
    }

    [Fact]
    public void A_folio_that_loses_its_anon_tag_is_reported()
    {
        Folio folio = world.OnLru();
        folio.SetMapping(world.Prepare());
        world.Step();
        world.IsSilent();
        folio.SetFile(null);
        world.Step();
        world.Broke("anon-sticky", "anon tag was taken away");
    }

    [Fact]
    public void A_freed_anon_vma_under_a_mapped_folio_is_reported_when_it_is_freed()
    {
        Folio folio = world.MapPage();
        world.Step();
        world.IsSilent();
        world.Kernel.FreeAnonVma(folio.Mapping!);
        world.Step();
        world.Broke("anon-vma-live", "mapped folio with a freed anon_vma", "refcount");
    }

    [Fact]
    public void An_unreferenced_anon_vma_under_a_mapped_folio_is_reported_when_the_folio_is_touched()
    {
        Folio folio = world.MapPage();
        folio.Mapping!.Refcount = 0;
        world.Step();
        world.Broke("anon-vma-live", "mapped folio with an unreferenced anon_vma", "refcount");
    }

    [Fact]
    public void A_freed_anon_vma_of_an_unmapped_folio_is_silent()
    {
        Folio folio = world.OnLru();
        folio.SetMapping(world.Kernel.AllocateAnonVma());
        world.Kernel.FreeAnonVma(folio.Mapping!);
        world.Step();
        world.IsSilent();
    }

    [Fact]
    public void A_sleeper_without_PG_waiters_is_reported()
    {
        Folio folio = world.MapPage();
        world.Lock(folio);
        folio.Set(PageFlag.Waiters);
        _ = folio.WaitQueue.Sleep(world.Kernel.Machine.Cpus[1], PageFlag.Locked, exclusive: true);
        world.Step();
        world.IsSilent();
        folio.Clear(PageFlag.Waiters);
        world.Step();
        world.Broke("waiters", "sleeper without PG_waiters", "blocked for more than 120 seconds");
    }

    [Fact]
    public void An_exclusive_page_that_is_mapped_twice_is_reported()
    {
        Folio folio = world.MapPage();
        folio.Get(Holder.Mapping);
        folio.IncMapcount();
        world.Step();
        world.Broke("exclusive-mapcount", "exclusive page is mapped twice", "PageAnonExclusive");
    }

    [Fact]
    public void A_law_is_told_once_and_blamed_on_the_step_that_broke_it()
    {
        Folio folio = world.OnLru();
        folio.StoreMapcount(0);
        world.Step(world.First);
        folio.Set(PageFlag.Referenced);
        world.Step(world.Second);
        Assert.Single(world.Verdict.Violations, v => v.Signature.Oracle == "anon-tag");
        world.BrokeAt(world.First.Function, "anon-tag", "mapped folio without anon tag", "VM_WARN_ON_FOLIO");
    }

    [Fact]
    public void AfterStep_says_whether_it_found_something_new()
    {
        Folio folio = world.OnLru();
        Cpu cpu = world.Cpu0;
        Assert.True(world.Oracles.AfterStep(cpu, world.First));
        folio.StoreMapcount(0);
        Assert.False(world.Oracles.AfterStep(cpu, world.First));
        Assert.True(world.Oracles.AfterStep(cpu, world.First));
    }
}
