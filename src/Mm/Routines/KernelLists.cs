using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>Doubly linked lists word by word, with the checks of CONFIG_DEBUG_LIST (include/linux/list.h,
/// lib/list_debug.c, v6.18).</summary>
/// <remarks>
/// Each read and each store of a link is a step of its own, in the kernel's order: most lists are only touched with a
/// lock held, and then nobody can tell; but not all are. A check that fails skips the operation, as the kernel does
/// where CONFIG_BUG_ON_DATA_CORRUPTION is off. The links of the entry are read once for the check and the operation.
/// </remarks>
public class KernelLists : Routine
{
    protected static readonly Point ReadEmpty = Points.Define("ListReadEmpty", "list_empty", Access.Read);
    protected static readonly Point ReadCursor = Points.Define("ListReadCursor", "list_for_each_entry", Access.Read);
    protected static readonly Point DelReadPrev = Points.Define("ListDelReadPrev", "__list_del_entry", Access.Read);
    protected static readonly Point DelReadNext = Points.Define("ListDelReadNext", "__list_del_entry", Access.Read);
    protected static readonly Point DelCheckPrev =
        Points.Define("ListDelCheckPrev", "__list_del_entry_valid", Access.Read);
    protected static readonly Point DelCheckNext =
        Points.Define("ListDelCheckNext", "__list_del_entry_valid", Access.Read);
    protected static readonly Point DelWriteNext = Points.Define("ListDelWriteNextPrev", "__list_del", Access.Write);
    protected static readonly Point DelWritePrev = Points.Define("ListDelWritePrevNext", "__list_del", Access.Write);
    protected static readonly Point InitNext = Points.Define("ListInitNext", "list_del_init", Access.Write);
    protected static readonly Point InitPrev = Points.Define("ListInitPrev", "list_del_init", Access.Write);
    protected static readonly Point AddRead = Points.Define("ListAddReadHead", "list_add", Access.Read);
    protected static readonly Point AddCheck = Points.Define("ListAddCheck", "__list_add_valid", Access.Read);
    protected static readonly Point AddNextPrev = Points.Define("ListAddNextPrev", "__list_add", Access.Write);
    protected static readonly Point AddNewNext = Points.Define("ListAddNewNext", "__list_add", Access.Write);
    protected static readonly Point AddNewPrev = Points.Define("ListAddNewPrev", "__list_add", Access.Write);
    protected static readonly Point AddPrevNext = Points.Define("ListAddPrevNext", "__list_add", Access.Write);
    protected static readonly Point SpliceFirst = Points.Define("ListSpliceReadFirst", "__list_splice", Access.Read);
    protected static readonly Point SpliceLast = Points.Define("ListSpliceReadLast", "__list_splice", Access.Read);
    protected static readonly Point SpliceTail = Points.Define("ListSpliceReadTail", "list_splice_tail", Access.Read);
    protected static readonly Point SpliceFirstPrev =
        Points.Define("ListSpliceFirstPrev", "__list_splice", Access.Write);
    protected static readonly Point SpliceTailNext =
        Points.Define("ListSpliceTailNext", "__list_splice", Access.Write);
    protected static readonly Point SpliceLastNext =
        Points.Define("ListSpliceLastNext", "__list_splice", Access.Write);
    protected static readonly Point SpliceHeadPrev =
        Points.Define("ListSpliceHeadPrev", "__list_splice", Access.Write);

    private const string AddValid = "__list_add_valid_or_report";
    private const string DelValid = "__list_del_entry_valid_or_report";

    /// <summary>list_empty: looks at next only.</summary>
    public virtual async Flow<bool> IsEmpty(Cpu cpu, ListHead head)
    {
        await cpu.At(ReadEmpty, head.NextWord);
        return head.Next == head;
    }

    /// <summary>One step of list_for_each_entry: where the entry's next points to.</summary>
    public virtual async Flow<ListHead?> Next(Cpu cpu, ListHead entry)
    {
        await cpu.At(ReadCursor, entry.NextWord);
        return entry.Next;
    }

    /// <summary>list_add_tail.</summary>
    public virtual async Flow AddTail(Cpu cpu, ListHead entry, ListHead head)
    {
        await cpu.At(AddRead, head.PrevWord);
        await Insert(cpu, entry, head.Prev, head, head);
    }

    /// <summary>list_move: off its list, and to the head of another.</summary>
    public virtual async Flow Move(Cpu cpu, ListHead entry, ListHead head)
    {
        if (await Unlink(cpu, entry))
        {
            entry.TruthMove(null);
        }

        await cpu.At(AddRead, head.NextWord);
        await Insert(cpu, entry, head, head.Next, head);
    }

    /// <summary>list_del_init.</summary>
    public virtual async Flow DelInit(Cpu cpu, ListHead entry)
    {
        if (await Unlink(cpu, entry))
        {
            await cpu.At(InitNext, entry.NextWord);
            entry.TruthMove(null);
            entry.SetNext(entry);
            await cpu.At(InitPrev, entry.PrevWord);
            entry.SetPrev(entry);
        }
    }

    /// <summary>list_splice_tail: all of a list goes to the tail of another; its head is left as it was.</summary>
    public virtual async Flow Splice(Cpu cpu, ListHead list, ListHead head)
    {
        if (await IsEmpty(cpu, list))
        {
            return;
        }

        await cpu.At(SpliceTail, head.PrevWord);
        ListHead tail = head.Prev!;
        await cpu.At(SpliceFirst, list.NextWord);
        ListHead first = list.Next!;
        await cpu.At(SpliceLast, list.PrevWord);
        ListHead last = list.Prev!;
        await cpu.At(SpliceFirstPrev, first.PrevWord);
        Claim(list, head);
        first.SetPrev(tail);
        await cpu.At(SpliceTailNext, tail.NextWord);
        tail.SetNext(first);
        await cpu.At(SpliceLastNext, last.NextWord);
        last.SetNext(head);
        await cpu.At(SpliceHeadPrev, head.PrevWord);
        head.SetPrev(last);
    }

    /// <summary>list_splice_tail_init: the head that was spliced is empty afterwards.</summary>
    public virtual async Flow SpliceInit(Cpu cpu, ListHead list, ListHead head)
    {
        if (!await IsEmpty(cpu, list))
        {
            await Splice(cpu, list, head);
            await cpu.At(InitNext, list.NextWord);
            list.SetNext(list);
            await cpu.At(InitPrev, list.PrevWord);
            list.SetPrev(list);
        }
    }

    /// <summary>__list_del_entry: the neighbours are linked to each other. False: a check failed.</summary>
    protected virtual async Flow<bool> Unlink(Cpu cpu, ListHead entry)
    {
        await cpu.At(DelReadPrev, entry.PrevWord);
        TruthLists.NoteRemoval(K, cpu, entry);
        ListHead? prev = entry.Prev;
        await cpu.At(DelReadNext, entry.NextWord);
        ListHead? next = entry.Next;
        if (next is null || prev is null)
        {
            K.BugOn(
                true, $"list_del corruption, {(next is null ? "next" : "prev")} is NULL ({entry})", DelValid,
                entry.Owner);
            return false;
        }

        await cpu.At(DelCheckPrev, prev.NextWord);
        if (prev.Next != entry)
        {
            K.BugOn(
                true, $"list_del corruption. prev->next should be the entry ({entry}), but was {prev.Next} ({prev})",
                DelValid, entry.Owner);
            return false;
        }

        await cpu.At(DelCheckNext, next.PrevWord);
        if (next.Prev != entry)
        {
            K.BugOn(
                true, $"list_del corruption. next->prev should be the entry ({entry}), but was {next.Prev} ({next})",
                DelValid, entry.Owner);
            return false;
        }

        await cpu.At(DelWriteNext, next.PrevWord);
        next.SetPrev(prev);
        await cpu.At(DelWritePrev, prev.NextWord);
        prev.SetNext(next);
        return true;
    }

    /// <summary>__list_add after the neighbours were read: head is whose list it is.</summary>
    protected virtual async Flow Insert(Cpu cpu, ListHead entry, ListHead? prev, ListHead? next, ListHead head)
    {
        TruthLists.NoteAddition(K, entry, head);
        if (K.BugOn(prev is null, "list_add corruption. prev is NULL", AddValid, entry.Owner)
            || K.BugOn(next is null, "list_add corruption. next is NULL", AddValid, entry.Owner))
        {
            return;
        }

        // One of the two is the head, whose link to the other has just been read; the other's is checked.
        bool tail = next == head;
        await cpu.At(AddCheck, tail ? prev!.NextWord : next!.PrevWord);
        if (!tail && next!.Prev != prev)
        {
            K.BugOn(
                true, $"list_add corruption. next->prev should be prev ({prev}), but was {next.Prev} ({next})",
                AddValid, entry.Owner);
            return;
        }

        if (tail && prev!.Next != next)
        {
            K.BugOn(
                true, $"list_add corruption. prev->next should be next ({next}), but was {prev.Next} ({prev})",
                AddValid, entry.Owner);
            return;
        }

        if (entry == prev || entry == next)
        {
            K.BugOn(true, $"list_add double add (new={entry}, prev={prev}, next={next})", AddValid, entry.Owner);
            return;
        }

        await cpu.At(AddNextPrev, next!.PrevWord);
        entry.TruthMove(head);
        next.SetPrev(entry);
        await cpu.At(AddNewNext, entry.NextWord);
        entry.SetNext(next);
        await cpu.At(AddNewPrev, entry.PrevWord);
        entry.SetPrev(prev!);
        await cpu.At(AddPrevNext, prev!.NextWord);
        prev.SetNext(entry);
    }

    /// <summary>Ground truth: all entries of a list are the other's from now on.</summary>
    private static void Claim(ListHead list, ListHead head)
    {
        ListHead? entry = list.Next;
        for (int left = Kernel.FramesMin; left > 0 && entry is { Owner: not null }; left--)
        {
            entry.TruthMove(head);
            entry = entry.Next;
        }
    }
}
