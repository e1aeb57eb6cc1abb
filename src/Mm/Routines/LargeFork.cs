using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>fork of several pages of one large folio at once (mm/memory.c: copy_present_ptes; mm/internal.h:
/// folio_pte_batch_flags; v6.18).</summary>
/// <remarks>Both page tables are locked. Left out: soft-dirty bits.</remarks>
public class LargeFork : Routine
{
    protected static readonly Point ReadPte = Points.Define("ForkBatchReadPte", "folio_pte_batch_flags", Access.Read);
    protected static readonly Point AddRefs = Points.Define("ForkBatchAddRefs", "copy_present_ptes", Access.Rmw);
    protected static readonly Point SubRefs = Points.Define("ForkBatchSubRefs", "copy_present_ptes", Access.Rmw);
    protected static readonly Point Protect = Points.Define("ForkBatchWriteProtect", "__copy_present_ptes", Access.Rmw);
    protected static readonly Point SetChild = Points.Define("ForkBatchSetChild", "__copy_present_ptes", Access.Write);

    /// <summary>Shares consecutive pages from <paramref name="page"/> on.</summary>
    /// <returns>How many; 0 when a device may have pinned one of them, so that each has to be looked at.</returns>
    public virtual async Flow<int> CopyBatch(Cpu cpu, MmStruct parent, MmStruct child, int page, int end)
    {
        Pte pte = parent[page];
        Page first = K.PageOf(pte);
        Folio folio = first.Head;
        int count = 1;
        bool writable = pte.Writable;
        while (page + count < end)
        {
            await cpu.At(ReadPte, parent.PteWord(page + count));
            Pte next = parent[page + count];
            if (!next.IsPresent || next.Target != pte.Target + count || K.FolioOf(next) != folio
                || next.Dirty != pte.Dirty)
            {
                break;
            }

            writable |= next.Writable;
            count++;
        }

        await cpu.At(AddRefs, folio.RefcountWord);
        folio.Get(Holder.Mapping, count);
        if (!await R.Rmap.TryDup(cpu, first, count, child, parent))
        {
            await cpu.At(SubRefs, folio.RefcountWord);
            folio.PutTestZero(Holder.Mapping, count);
            return 0;
        }

        K.BugOn(
            first.Has(PageFlag.AnonExclusive), "VM_WARN_ON_FOLIO(PageAnonExclusive(page))", "copy_present_ptes", first);
        child.AddRss(count, 0);
        await SetEntries(cpu, parent, child, page, count, pte, writable);
        return count;
    }

    /// <summary>__copy_present_ptes.</summary>
    protected virtual async Flow SetEntries(
        Cpu cpu, MmStruct parent, MmStruct child, int page, int count, Pte pte, bool writable)
    {
        for (int i = page; i < page + count && writable; i++)
        {
            await cpu.At(Protect, parent.PteWord(i));
            parent.SetPte(i, parent[i].Without(PteFlag.Write));
        }

        Pte shared = pte.Without(PteFlag.Write | PteFlag.Young);
        for (int i = 0; i < count; i++)
        {
            await cpu.At(SetChild, child.PteWord(page + i));
            child.InheritPte(parent, page + i, shared with { Target = (ushort)(pte.Target + i) });
        }
    }
}
