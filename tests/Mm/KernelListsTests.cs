using Interleave;
using Mm.State;
using Xunit;

namespace Tests.Mm;

public class KernelListsTests
{
    private readonly Kernel kernel = new();
    private readonly ListHead[] entries = new ListHead[3];
    private readonly ListHead queue;
    private readonly ListHead local;

    public KernelListsTests()
    {
        kernel.Machine.Reset(1);
        kernel.Reset(1, 16, 1, synchronous: false, thp: ThpPolicy.Pmd);
        queue = kernel.SplitQueues[0].Head;
        local = kernel.SplitScans[0].List;
        local.Init();
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = kernel.TakeFrames(2)!.DeferredList;
        }
    }

    private ListHead First => entries[0];

    private ListHead Second => entries[1];

    private ListHead Third => entries[2];

    [Fact]
    public void A_head_and_a_fresh_entry_are_empty()
    {
        Assert.True(IsEmpty(queue));
        Assert.True(IsEmpty(First));
    }

    [Fact]
    public void Entries_are_added_at_the_tail()
    {
        AddAll();
        Assert.Equal(entries, Walk(queue));
        Assert.False(IsEmpty(First));
    }

    [Fact]
    public void A_deleted_entry_is_alone_and_its_neighbours_are_linked_to_each_other()
    {
        AddAll();
        Run(cpu => kernel.R.Lists.DelInit(cpu, Second));
        Assert.Equal([First, Third], Walk(queue));
        Assert.Empty(Walk(Second));
        Assert.True(IsEmpty(Second));
    }

    [Fact]
    public void A_move_reverses_the_order()
    {
        AddAll();
        foreach (ListHead entry in entries)
        {
            Run(cpu => kernel.R.Lists.Move(cpu, entry, local));
        }

        Assert.Equal([Third, Second, First], Walk(local));
        Assert.Empty(Walk(queue));
    }

    [Fact]
    public void A_splice_puts_a_list_behind_another_in_its_order()
    {
        Run(cpu => kernel.R.Lists.AddTail(cpu, First, queue));
        Run(cpu => kernel.R.Lists.AddTail(cpu, Second, local));
        Run(cpu => kernel.R.Lists.AddTail(cpu, Third, local));
        Run(cpu => kernel.R.Lists.Splice(cpu, local, queue));
        Assert.Equal(entries, Walk(queue));
        Assert.All(entries, entry => Assert.Same(queue, entry.TruthOn));
    }

    [Fact]
    public void A_splice_of_an_empty_list_changes_nothing()
    {
        AddAll();
        Run(cpu => kernel.R.Lists.Splice(cpu, local, queue));
        Assert.Equal(entries, Walk(queue));
    }

    [Fact]
    public void A_removal_notices_a_link_before_it_that_names_another()
    {
        AddAll();
        queue.SetNext(Third);
        Run(cpu => kernel.R.Lists.DelInit(cpu, First));
        Says("list_del corruption. prev->next should be the entry");
        Assert.Same(First, Second.Prev);
    }

    [Fact]
    public void A_removal_notices_a_link_behind_it_that_names_another()
    {
        AddAll();
        Third.SetPrev(Third);
        Run(cpu => kernel.R.Lists.DelInit(cpu, Second));
        Says("list_del corruption. next->prev should be the entry");
        Assert.Same(Second, First.Next);
    }

    [Fact]
    public void A_removal_notices_memory_that_is_no_list_entry_any_more()
    {
        AddAll();
        kernel.GiveFrames(First.Owner!);
        Run(cpu => kernel.R.Lists.DelInit(cpu, First));
        Says("list_del corruption, next is NULL");
    }

    [Fact]
    public void An_addition_notices_a_tail_that_is_not_linked_to_the_head()
    {
        Run(cpu => kernel.R.Lists.AddTail(cpu, First, queue));
        First.SetNext(Second);
        Run(cpu => kernel.R.Lists.AddTail(cpu, Third, queue));
        Says("list_add corruption. prev->next should be next");
    }

    [Fact]
    public void An_addition_at_the_head_notices_a_first_entry_that_is_not_linked_to_it()
    {
        Run(cpu => kernel.R.Lists.AddTail(cpu, First, local));
        First.SetPrev(First);
        Run(cpu => kernel.R.Lists.AddTail(cpu, Second, queue));
        Run(cpu => kernel.R.Lists.Move(cpu, Second, local));
        Says("list_add corruption. next->prev should be prev");
    }

    [Fact]
    public void An_addition_notices_an_entry_that_is_the_last_one_already()
    {
        Run(cpu => kernel.R.Lists.AddTail(cpu, First, queue));
        Run(cpu => kernel.R.Lists.AddTail(cpu, First, queue));
        Says("list_add double add");
    }

    [Fact]
    public void A_store_to_links_of_a_freed_folio_is_a_use_of_freed_memory()
    {
        AddAll();
        kernel.GiveFrames(Second.Owner!);
        Run(cpu => kernel.R.Lists.Splice(cpu, queue, local));
        Second.SetPrev(First);
        Assert.Contains(kernel.TruthBroken, line => line.StartsWith("freed:", StringComparison.Ordinal));
    }

    private static List<ListHead> Walk(ListHead head)
    {
        List<ListHead> found = [];
        for (ListHead entry = head.Next!; entry != head; entry = entry.Next!)
        {
            Assert.Same(entry, entry.Prev!.Next);
            found.Add(entry);
        }

        return found;
    }

    private void AddAll()
    {
        foreach (ListHead entry in entries)
        {
            Run(cpu => kernel.R.Lists.AddTail(cpu, entry, queue));
        }
    }

    private bool IsEmpty(ListHead head)
    {
        bool empty = false;
        Run(Ask);
        return empty;

        async Flow Ask(Cpu cpu) => empty = await kernel.R.Lists.IsEmpty(cpu, head);
    }

    private void Run(Func<Cpu, Flow> body) => Assert.True(kernel.Machine.RunSolo(body));

    private void Says(string text) => Assert.Contains(
        kernel.Console, line => line.Text.StartsWith(text, StringComparison.Ordinal)
            && line.Function.EndsWith("_valid_or_report", StringComparison.Ordinal));
}
