using Interleave;
using Mm.State;
using Xunit;

namespace Tests.Oracles;

/// <summary>Laws about deferred split queues, and about who may take a folio off which list.</summary>
public class SplitQueueLaws
{
    private readonly World world = new(pages: 16);
    private readonly Folio first;
    private readonly Folio second;

    public SplitQueueLaws()
    {
        first = Large();
        second = Large();
        Step();
        world.IsSilent();
    }

    private Kernel Kernel => world.Kernel;

    private DeferredSplitQueue Queue => Kernel.SplitQueues[0];

    private ListHead Local => Kernel.SplitScans[0].List;

    [Fact]
    public void A_queue_whose_links_do_not_agree_is_reported()
    {
        Link(Queue.Head, first, second);
        second.DeferredList.SetPrev(second.DeferredList);
        Step();
        world.Broke("split-queue", "links of the queue do not agree", "list_del corruption");
    }

    [Fact]
    public void Links_may_disagree_while_the_lock_is_held()
    {
        Link(Queue.Head, first, second);
        HoldLock();
        second.DeferredList.SetPrev(second.DeferredList);
        Step();
        world.IsSilent();
        Queue.Lock.Release(world.Cpu0);
        world.Step(world.Second);
        world.Broke("split-queue", "links of the queue do not agree", "list_del corruption");
    }

    [Fact]
    public void A_queue_that_names_a_freed_folio_is_reported()
    {
        Link(Queue.Head, first);
        first.PutTestZero(Holder.Allocation);
        Kernel.GiveFrames(first);
        Step();
        world.Broke("split-queue", "links of the queue do not agree", "list_del corruption");
    }

    [Fact]
    public void A_queue_that_runs_into_another_list_is_reported()
    {
        Local.Init();
        Link(Queue.Head, first);
        first.DeferredList.SetNext(Local);
        Local.SetPrev(first.DeferredList);
        Step();
        world.Broke("split-queue", "queue runs into another list", "list_del corruption");
    }

    [Fact]
    public void A_folio_on_the_queue_is_anonymous()
    {
        Folio file = Kernel.TakeFrames(2)!;
        Link(Queue.Head, file);
        Step();
        world.Broke("split-queue", "folio on the queue is no large anonymous folio", "list_del corruption");
    }

    [Fact]
    public void The_length_is_the_number_of_entries()
    {
        Link(Queue.Head, first);
        Queue.SetLength(2);
        Step();
        world.Broke("split-queue-length", "length and entries differ");
    }

    [Fact]
    public void A_folio_stays_on_the_queue_of_its_memcg_until_the_parents_takes_over()
    {
        Memcg child = Kernel.Memcgs[1];
        first.SetMemcg(child);
        Link(Kernel.QueueOf(child).Head, first);
        Kernel.QueueOf(child).SetLength(1);
        Step();
        world.IsSilent();
        Kernel.QueueOf(child).TruthDie();
        Step();
        world.Broke("split-queue", "folio is on the queue of another memory cgroup", "list_del corruption");
    }

    [Fact]
    public void The_length_may_be_too_large_while_a_scan_is_under_way_but_never_too_small()
    {
        Link(Queue.Head, first);
        Queue.TruthScans = 1;
        Queue.SetLength(3);
        Step();
        world.IsSilent();
        Queue.SetLength(0);
        Step();
        world.Broke("split-queue-length", "length and entries differ");
    }

    [Fact]
    public void A_partially_mapped_folio_is_on_a_list()
    {
        Link(Queue.Head, first);
        first.PageAt(1).Set(PageFlag.PartiallyMapped);
        Step();
        world.IsSilent();
        second.PageAt(1).Set(PageFlag.PartiallyMapped);
        Step();
        world.Broke("partially-mapped", "partially mapped folio is on no list");
    }

    [Fact]
    public void A_scanner_may_have_taken_a_partially_mapped_folio_off()
    {
        first.TryGetForScan(world.Cpu0);
        first.PageAt(1).Set(PageFlag.PartiallyMapped);
        Step();
        world.IsSilent();
        first.TruthUnpinned(world.Cpu0);
        first.PutTestZero(Holder.Lookup);
        Step();
        world.Broke("partially-mapped", "partially mapped folio is on no list");
    }

    [Fact]
    public void A_folio_with_references_is_taken_off_by_its_scanner_only()
    {
        Link(Queue.Head, first, second);
        HoldLock();
        first.TryGetForScan(world.Cpu0);
        TruthLists.NoteRemoval(Kernel, world.Cpu0, first.DeferredList);
        Step();
        world.IsSilent();
        TruthLists.NoteRemoval(Kernel, world.Cpu0, second.DeferredList);
        Step();
        world.Broke("unqueue", "folio with references is taken off its list", "Bad page state");
    }

    [Fact]
    public void A_folio_is_taken_off_a_queue_with_its_lock_held()
    {
        Link(Queue.Head, first);
        first.Freeze(1);
        TruthLists.NoteRemoval(Kernel, world.Cpu0, first.DeferredList);
        Step();
        world.Broke("queue-lock", "folio is taken off a queue without its lock", "list_del corruption");
    }

    [Fact]
    public void A_scanner_takes_a_folio_off_its_list_beside_one_that_it_has_pinned()
    {
        Scan();
        TruthLists.NoteRemoval(Kernel, world.Cpu0, second.DeferredList);
        Step();
        world.IsSilent();
        first.TruthUnpinned(world.Cpu0);
        first.PutTestZero(Holder.Lookup);
        TruthLists.NoteRemoval(Kernel, world.Cpu0, second.DeferredList);
        Step();
        world.Broke("safe-neighbour", "folio is taken off beside one that is not safe", "list_del corruption");
        Assert.Single(world.Verdict.Violations);
    }

    [Fact]
    public void A_scanner_takes_a_folio_off_its_list_when_nobody_is_at_its_neighbours()
    {
        Scan();
        first.DeferredList.SetNext(Local);
        TruthLists.NoteRemoval(Kernel, world.Cpu0, second.DeferredList);
        Step();
        world.Broke("safe-neighbour", "folio is taken off beside one that is not safe", "list_del corruption");
    }

    [Fact]
    public void The_folio_before_has_a_reference()
    {
        Scan();
        first.TruthUnpinned(world.Cpu0);
        first.PutTestZero(Holder.Lookup);
        first.Freeze(1);
        TruthLists.NoteRemoval(Kernel, world.Cpu0, second.DeferredList);
        Step();
        world.Broke("preceding-folio", "preceding folio on the list has no reference", "list_del corruption");
    }

    [Fact]
    public void A_folio_is_queued_once()
    {
        TruthLists.NoteAddition(Kernel, first.DeferredList, Queue.Head);
        Link(Queue.Head, first);
        Step();
        world.IsSilent();
        TruthLists.NoteAddition(Kernel, first.DeferredList, Queue.Head);
        Step();
        world.Broke("double-add", "folio is queued twice", "list_add double add");
    }

    [Fact]
    public void At_rest_a_folio_that_is_linked_is_on_its_queue_and_no_scan_is_under_way()
    {
        Link(Local, first);
        Queue.TruthScans = 1;
        world.Rest();
        world.BrokeAt("rest", "rest-split-queue", "queue does not reach a folio that is linked", "list_del corruption");
        world.BrokeAt("rest", "rest-split-queue", "scan did not end");
    }

    [Fact]
    public void At_rest_a_folio_on_a_queue_is_linked()
    {
        Link(Queue.Head, first);
        first.DeferredList.SetNext(first.DeferredList);
        world.Rest();
        world.BrokeAt("rest", "split-queue", "links of the queue do not agree", "list_del corruption");
    }

    [Fact]
    public void At_rest_as_many_folios_are_counted_as_partially_mapped_as_are_marked()
    {
        Link(Queue.Head, first);
        first.PageAt(1).Set(PageFlag.PartiallyMapped);
        Kernel.PartiallyMapped = 2;
        world.Rest();
        world.BrokeAt("rest", "rest-split-queue", "nr_anon_partially_mapped is not the number of such folios");
    }

    [Fact]
    public void At_the_end_the_queue_is_empty_and_nothing_is_counted()
    {
        Link(Queue.Head, first);
        Kernel.PartiallyMapped = 1;
        world.End();
        world.BrokeAt("end", "exit-split-queue", "deferred split queue is not empty");
        world.BrokeAt("end", "exit-split-queue", "partially mapped folios are still counted");
    }

    private Folio Large()
    {
        Folio folio = Kernel.TakeFrames(2)!;
        folio.SetMapping(world.Prepare());
        return folio;
    }

    /// <summary>The first lane's scan has both folios on its list, the first of them first.</summary>
    private void Scan()
    {
        Link(Queue.Head, []);
        Kernel.SplitScans[0].Begin(Queue);
        first.TryGetForScan(world.Cpu0);
        second.TryGetForScan(world.Cpu0);
        Link(Local, first, second);
    }

    private void Link(ListHead head, params Folio[] folios)
    {
        head.Init();
        ListHead last = head;
        foreach (Folio folio in folios)
        {
            folio.DeferredList.TruthMove(head);
            folio.DeferredList.SetPrev(last);
            last.SetNext(folio.DeferredList);
            last = folio.DeferredList;
        }

        last.SetNext(head);
        head.SetPrev(last);
        Queue.SetLength(head == Queue.Head ? folios.Length : 0);
    }

    private void HoldLock() => Assert.True(Queue.Lock.TryTake(world.Cpu0));

    private void Step() => world.Step();
}
