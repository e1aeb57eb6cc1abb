using Fuzz.Schedules;
using Interleave;
using Mm;
using Mm.History;
using Mm.State;
using Xunit;

namespace Tests.Mm;

/// <summary>Programs on which a campaign once blamed v6.18 for what our text had wrong.</summary>
public class CampaignFindTests
{
    [Fact]
    public void Mprotect_changes_the_entries_when_somebody_splits_the_huge_one_before_it_has_its_lock() => Races.Safe(
        """
        shape     mms 1  pages 4  slots 1  device async  thp pmd
        setup     read mm0 p0
        cpu0      readonly mm0 p0 4
        cpu1      shrinkthp 1
        """,
        preemptions: 2);

    [Fact]
    public void A_page_that_was_pinned_while_mremap_moved_it_is_what_its_new_address_shows() => Races.Safe(
        """
        shape     mms 1  pages 2  slots 1  device async
        cpu0      mremap mm0 p0 p1 1
        cpu1      pinwrite mm0 p0
                  dma mm0 p0
        """,
        preemptions: 2);

    [Fact]
    public void Reclaim_does_not_look_at_a_table_that_collapse_has_taken_out() => Races.Safe(
        """
        shape     mms 2  pages 4  slots 1  device async  thp pmd
        setup     pin mm0 p0
                  fork mm0 mm1
        cpu0      collapse mm1 p0
        cpu1      collapse mm0 p0
                  reclaim 2
        """,
        preemptions: 1);

    [Fact]
    public void A_store_during_writeback_is_seen_wherever_mremap_has_taken_its_entry() => Races.Safe(
        """
        shape     mms 1  pages 2  slots 1  device async
        cpu0      write mm0 p0
        cpu1      mremap mm0 p0 p1 1
        cpu2      write mm0 p0
                  pageout mm0 p0
        """,
        preemptions: 1);

    [Theory]
    [InlineData("pages 1", "free mm0 p0 1", "reclaim 2", "dontneed mm0 p0 1")]
    [InlineData("pages 1", "free mm0 p0 1", "munmap mm0 p0 1", "map mm0 p0 1")]
    [InlineData("pages 1", "free mm0 p0 1", "reclaim 2", "getpage mm0 p0")]
    [InlineData("pages 4", "mlock mm0 p1 2", "pageout mm0 p0", "dontneed mm0 p0 4")]
    public void What_a_call_of_the_setup_may_leave_is_no_failure(
        string pages, string first, string second, string third) => Races.Safe(
        $"""
        shape     mms 1  {pages}  slots 2  device async
        setup     write mm0 p0
                  {first}
                  pageout mm0 p0
                  {second}
                  {third}
        cpu0      write mm0 p0
        cpu1      read mm0 p0
        """,
        preemptions: 1);

    [Fact]
    public void Mlock_brings_a_page_back_that_becomes_read_only_meanwhile() => Races.Safe(
        """
        shape     mms 1  pages 1  slots 1  device async
        setup     write mm0 p0
                  pageout mm0 p0
        cpu0      readonly mm0 p0 1
        cpu1      mlock mm0 p0 1
        """,
        preemptions: 2);

    [Fact]
    public void What_is_in_swap_behind_broken_memory_need_not_be_resident() => Races.Safe(
        """
        shape     mms 1  pages 1  slots 1  device async
        setup     mlock mm0 p0 1
                  munlock mm0 p0 1
        cpu0      pageout mm0 p0
        cpu1      poison mm0 p0
                  mlock mm0 p0 1
        """,
        preemptions: 1);

    [Fact]
    public void A_device_stores_for_the_process_that_pinned_and_not_for_the_next_of_that_number() => Races.Safe(
        """
        shape     mms 2  pages 1  slots 1  device async
        setup     pinwrite mm0 p0
                  getpage mm0 p0
                  fork mm0 mm1
                  exit mm0
                  fork mm1 mm0
        cpu0      dma mm0 p0
        cpu1      read mm1 p0
        """,
        preemptions: 2);

    [Fact]
    public void A_folio_goes_to_the_queue_of_the_parent_before_that_of_its_dying_memcg_is_handed_on() => Races.Safe(
        """
        shape     mms 1  pages 4  slots 1  device async  thp pmd  memcgs 2
        setup     attach mm0 memcg1
        cpu0      read mm0 p0
        cpu1      attach mm0 memcg0
                  offline memcg1
        """,
        preemptions: 2,
        [.. KernelVersion.Find("v7.2")!.Variants]);

    [Fact]
    public void A_reference_is_taken_with_the_lock_of_the_table_once_the_huge_entry_is_split() => Races.Safe(
        """
        shape     mms 1  pages 4  slots 1  device async  thp pmd
        setup     read mm0 p0
        cpu0      getpage mm0 p0
        cpu1      dontneed mm0 p1 3
                  dontneed mm0 p0 1
        """,
        preemptions: 2);

    [Fact]
    public void Memory_failure_takes_a_page_to_swap_that_is_locked_meanwhile() => Races.Safe(
        """
        shape     mms 1  pages 1  slots 2  device async
        setup     mlock mm0 p0 1
                  munlock mm0 p0 1
                  pageout mm0 p0
        cpu0      poison mm0 p0
        cpu1      mlock mm0 p0 1
        """,
        preemptions: 1);

    [Fact]
    public void Mlock_may_miss_what_is_moved_while_it_brings_pages_in() => Races.Safe(
        """
        shape     mms 1  pages 2  slots 1  device async
        setup     write mm0 p1
                  pageout mm0 p1
        cpu0      mremap mm0 p1 p0 3
        cpu1      mlock mm0 p0 2
        """,
        preemptions: 1);

    [Fact]
    public void An_execution_that_was_ended_while_ksmd_was_busy_leaves_the_next_one_nothing()
    {
        Kernel kernel = new();
        kernel.Machine.Reset(1);
        kernel.Reset(mms: 1, pages: 1, slots: 1, synchronous: false);
        kernel.Machine.SetBody(0, async cpu => await kernel.Ksm.Mutex.AcquireWrite(cpu, Points.Table.All[^1]));
        kernel.Machine.Run(new RandomScheduler(new Rng(1)));
        Assert.True(kernel.Ksm.Mutex.IsLocked);

        kernel.Reset(mms: 1, pages: 1, slots: 1, synchronous: false);
        Assert.False(kernel.Ksm.Mutex.IsLocked);
    }
}
