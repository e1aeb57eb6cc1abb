using Fuzz.Execution;
using Fuzz.Oracles;
using Mm.State;
using Xunit;

namespace Tests.Oracles;

/// <summary>
/// What the kernel prints and what routines note as ground truth becomes symptoms and precursors, once each.
/// </summary>
public class ReportedLaws
{
    private readonly World world = new();

    [Theory]
    [InlineData("BUG: Bad page map (pte 7)", "BUG: Bad page map")]
    [InlineData("VM_BUG_ON_FOLIO(folio_test_lru(folio))", "VM_BUG_ON_FOLIO(folio_test_lru(folio))")]
    [InlineData("VM_WARN_ON(a && (b || c)) (seen)", "VM_WARN_ON(a && (b || c))")]
    [InlineData("PAGE_FLAGS_CHECK_AT_FREE flag(s) set (Lru)", "PAGE_FLAGS_CHECK_AT_FREE flag(s) set")]
    public void A_kernel_message_is_a_symptom_named_by_its_text_without_particulars(string text, string law)
    {
        world.Kernel.BugOn(true, text, "zap_pte_range", "folio 3");
        world.Step();
        Violation found = world.BrokeAt("zap_pte_range", "kernel", law, text);
        Assert.Equal(LawKind.Symptom, found.Kind);
        Assert.Contains("folio 3", found.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_message_is_told_once_and_a_later_one_still_is()
    {
        world.Kernel.BugOn(true, "first", "a", null);
        world.Step();
        world.Step();
        Assert.Single(world.Verdict.Violations);
        world.Kernel.BugOn(true, "second", "b", null);
        world.Step();
        Assert.Equal(2, world.Verdict.Violations.Count);
    }

    [Fact]
    public void A_condition_that_does_not_hold_prints_nothing()
    {
        world.Kernel.BugOn(false, "never", "a", null);
        world.Step();
        world.IsSilent();
    }

    [Fact]
    public void A_wrong_read_is_silent_data_corruption()
    {
        world.Kernel.TruthBroken.Add("mm0 p0 must read 7, reads 1");
        world.Step();
        Violation found = world.Broke("content", "silent data corruption");
        Assert.Equal(LawKind.Symptom, found.Kind);
        Assert.Equal("mm0 p0 must read 7, reads 1", found.Detail);
    }

    [Fact]
    public void An_entry_that_survives_a_zap_is_a_precursor()
    {
        world.Kernel.TruthBroken.Add("zap: mm0 p1 still is swap slot 0");
        world.Step();
        Violation found = world.Broke("zap", "entry survives the zap");
        Assert.Equal(LawKind.Precursor, found.Kind);
        Assert.Equal("mm0 p1 still is swap slot 0", found.Detail);
    }

    [Fact]
    public void A_stale_copy_of_a_slot_that_is_mapped_is_a_precursor()
    {
        world.Kernel.TruthBroken.Add("swapin: mm0 p0 is mapped to folio 1, which is no copy");
        world.Step();
        Violation found = world.Broke("swapin-copy", "stale copy of the slot is mapped");
        Assert.Equal(LawKind.Precursor, found.Kind);
        Assert.Equal("mm0 p0 is mapped to folio 1, which is no copy", found.Detail);
    }

    [Fact]
    public void A_device_that_sees_another_page_is_a_symptom()
    {
        world.Kernel.TruthBroken.Add("pin: the device reads 1, mm0 p0 is 7");
        world.Step();
        Assert.Equal(LawKind.Symptom, world.Broke("device", "device and process see different pages").Kind);
    }

    [Fact]
    public void A_move_that_fails_after_it_has_moved_is_a_symptom()
    {
        world.Kernel.TruthBroken.Add("move: UFFDIO_MOVE of mm0 p0 has moved it, and says Exists");
        world.Step();
        Violation found = world.Broke("move-result", "failure reported of a page that was moved");
        Assert.Equal(LawKind.Symptom, found.Kind);
    }

    [Fact]
    public void A_store_that_another_process_sees_through_its_pipe_is_a_symptom()
    {
        world.Kernel.TruthBroken.Add("get: mm1 sees through its reference to folio 0 what another has stored");
        world.Step();
        Assert.Equal(LawKind.Symptom, world.Broke("spliced-page", "stores of another process are seen").Kind);
    }

    [Fact]
    public void A_copy_of_what_nobody_else_has_is_a_symptom()
    {
        world.Kernel.TruthBroken.Add("copy: mm0 p1 has the page for itself, and is given a copy: folio 1");
        world.Step();
        Assert.Equal(LawKind.Symptom, world.Broke("needless-copy", "exclusive page is copied on swapin").Kind);
    }

    [Fact]
    public void An_anon_vma_that_is_used_again_before_it_is_pinned_is_a_precursor()
    {
        Folio folio = world.MapPage();
        AnonVma own = folio.Mapping!;
        folio.TruthTake(own);
        Assert.Empty(world.Kernel.TruthBroken);
        world.Kernel.FreeAnonVma(own);
        Assert.Same(own, world.Kernel.AllocateAnonVma());
        folio.TruthTake(own);
        world.Step();
        Assert.Equal(LawKind.Precursor, world.Broke("own-anon-vma", "anon_vma is another's by now").Kind);
    }

    [Fact]
    public void Lines_of_the_setup_are_told_at_rest()
    {
        world.Kernel.TruthBroken.Add("mm0 p0 must read 7, reads 1");
        world.Rest();
        world.BrokeAt("rest", "content", "silent data corruption");
    }

    [Fact]
    public void Reset_forgets_lines_and_pending_objects()
    {
        world.Kernel.BugOn(true, "first", "a", null);
        world.Mm0.Ptl(0).TryTake(world.Cpu0);
        world.Mm0.AddRss(1, 0);
        world.Step();
        world.Verdict.Reset();
        world.Kernel.Machine.Reset(2);
        world.Kernel.Reset(2, 2, 2, synchronous: false);
        world.Oracles.Reset();
        world.Step();
        world.IsSilent();
        world.Kernel.BugOn(true, "first", "a", null);
        world.Step();
        Assert.Single(world.Verdict.Violations);
    }

    [Fact]
    public void Every_oracle_type_is_in_the_set_under_a_name_of_its_own()
    {
        List<string> names = [.. world.Oracles.All.Select(o => o.Name)];
        List<Type> types = [.. world.Oracles.All.Select(o => o.GetType()).Distinct()];
        IEnumerable<Type> declared = typeof(IOracle).Assembly.GetTypes()
            .Where(t => typeof(IOracle).IsAssignableFrom(t) && t is { IsInterface: false, IsAbstract: false });
        Assert.Equal(declared.Select(t => t.Name).Order(), types.Select(t => t.Name).Order());
        Assert.Equal(types.Count, names.Distinct().Count());
        Assert.All(names, name => Assert.Matches("^[a-z]+(-[a-z]+)*$", name));
    }

    [Fact]
    public void Judging_a_sane_step_allocates_nothing()
    {
        world.MapPage();
        world.Step();
        long before = 0;
        for (int i = 0; i < 2000; i++)
        {
            before = i == 1000 ? GC.GetAllocatedBytesForCurrentThread() : before;
            world.Kernel.Touched.Folios.Add(0);
            world.Kernel.Touched.Mms = 1;
            world.Kernel.Touched.Slots.Add(0);
            world.Kernel.Touched.AnonVmas = 1;
            world.Oracles.AfterStep(world.Cpu0, world.First);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        world.IsSilent();
    }
}
