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
}
