using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>Copy on write and the reuse rule (mm/memory.c: do_wp_page, wp_can_reuse_anon_folio, wp_page_copy,
/// v6.18).</summary>
/// <remarks>Stores to shared mappings are in <see cref="FileFault"/>. Left out: userfaultfd.</remarks>
public class WriteProtectFault : Routine
{
    protected static readonly Point TestExclusive = Points.Define("WpTestExclusive", "do_wp_page", Access.Read);
    protected static readonly Point SetExclusive = Points.Define("WpSetExclusive", "do_wp_page", Access.Rmw);
    protected static readonly Point Reuse = Points.Define("WpReuseSetPte", "wp_page_reuse", Access.Write);
    protected static readonly Point GetOld = Points.Define("WpGetOld", "do_wp_page", Access.Rmw);
    protected static readonly Point CountRefs =
        Points.Define("WpReuseCountRefs", "wp_can_reuse_anon_folio", Access.Read);
    protected static readonly Point TestLru = Points.Define("WpReuseTestLru", "wp_can_reuse_anon_folio", Access.Read);
    protected static readonly Point CountAgain =
        Points.Define("WpReuseCountAgain", "wp_can_reuse_anon_folio", Access.Read);
    protected static readonly Point CountLocked =
        Points.Define("WpReuseCountLocked", "wp_can_reuse_anon_folio", Access.Read);
    protected static readonly Point CopyData = Points.Define("WpCopyData", "wp_page_copy", Access.Read);
    protected static readonly Point CopyLock = Points.Define("WpCopyPtl", "wp_page_copy", Access.Acquire);
    protected static readonly Point ClearPte = Points.Define("WpCopyClearPte", "wp_page_copy", Access.Rmw);
    protected static readonly Point SetPte = Points.Define("WpCopySetPte", "wp_page_copy", Access.Write);

    /// <summary>do_wp_page: entered with the ptl held and the entry equal to <see cref="FaultContext.Original"/>;
    /// leaves without the ptl.</summary>
    public virtual async Flow<FaultResult> DoWpPage(Cpu cpu, FaultContext fault)
    {
        MmStruct mm = fault.Mm;
        if (fault.Vma.Shared)
        {
            return await R.FileFault.DoWpShared(cpu, fault);
        }

        if (fault.Original.Kind == PteKind.Zero)
        {
            mm.Ptl(fault.Page).Release(cpu);
            return await Copy(cpu, fault, null);
        }

        Page frame = K.PageOf(fault.Original);
        Folio folio = frame.Head;
        await cpu.At(TestExclusive, frame.FlagsWord);
        bool exclusive = frame.Has(PageFlag.AnonExclusive);
        if (folio.Anon && (exclusive
            || await (folio.IsLarge ? R.LargeReuse.CanReuse(cpu, fault, folio) : CanReuse(cpu, fault, folio))))
        {
            if (!exclusive)
            {
                await cpu.At(SetExclusive, frame.FlagsWord);
                frame.Set(PageFlag.AnonExclusive);
            }

            if (!fault.Unshare)
            {
                await cpu.At(Reuse, mm.PteWord(fault.Page));
                K.BugOn(
                    folio.Anon && !frame.Has(PageFlag.AnonExclusive),
                    "VM_BUG_ON(folio_test_anon(folio) && !PageAnonExclusive)",
                    "wp_page_reuse", frame);
                mm.SetPte(fault.Page, fault.Original.With(PteFlag.Young | PteFlag.Dirty | PteFlag.Write));
            }

            mm.Ptl(fault.Page).Release(cpu);
            return FaultResult.Done;
        }

        await cpu.At(GetOld, folio.RefcountWord);
        folio.Get(Holder.Lookup);
        mm.Ptl(fault.Page).Release(cpu);
        return await Copy(cpu, fault, frame);
    }

    /// <summary>wp_can_reuse_anon_folio: nobody else can have the page, neither by a mapping, nor by a reference, nor
    /// through swap.</summary>
    protected virtual async Flow<bool> CanReuse(Cpu cpu, FaultContext fault, Folio folio)
    {
        await cpu.At(CountRefs, folio.RefcountWord);
        if (IsKsm(folio) || folio.Refcount > 3)
        {
            return false;
        }

        await cpu.At(TestLru, folio.FlagsWord);
        if (!folio.Has(PageFlag.Lru))
        {
            await R.Lru.Drain(cpu);
        }

        await cpu.At(CountAgain, folio.RefcountWord);
        if (folio.Refcount > (folio.Has(PageFlag.Swapcache) ? 2 : 1) || !await R.Locking.TryLock(cpu, folio))
        {
            return false;
        }

        if (folio.Has(PageFlag.Swapcache))
        {
            await R.Slots.FreeSwap(cpu, folio);
        }

        await cpu.At(CountLocked, folio.RefcountWord);
        bool alone = !IsKsm(folio) && folio.Refcount == 1;
        if (alone)
        {
            await R.Rmap.MoveTo(cpu, folio, fault.Vma);
        }

        await R.Locking.Unlock(cpu, folio);
        return alone;
    }

    /// <summary>folio_test_ksm: such a page is nobody's own, even if one entry maps it.</summary>
    protected virtual bool IsKsm(Folio folio) => folio.Ksm;

    /// <summary>wp_page_copy: a private copy replaces the page; the old mapping goes only after the new one is
    /// there.</summary>
    protected virtual async Flow<FaultResult> Copy(Cpu cpu, FaultContext fault, Page? old)
    {
        MmStruct mm = fault.Mm;
        if (!await R.Fault.PrepareAnon(cpu, fault))
        {
            await PutOld(cpu, old);
            return FaultResult.Retry;
        }

        Folio? copy = await R.Free.Allocate(cpu);
        if (copy is null)
        {
            await PutOld(cpu, old);
            return FaultResult.Failed;
        }

        await R.Memcg.Charge(cpu, copy, mm);
        if (old is not null)
        {
            await cpu.At(CopyData, old.DataWord);
            copy.SetData(old.Data);
        }

        copy.Set(PageFlag.Uptodate);
        await mm.Ptl(fault.Page).Acquire(cpu, CopyLock);
        if (mm[fault.Page] != fault.Original)
        {
            mm.Ptl(fault.Page).Release(cpu);
            await R.Free.Put(cpu, copy, Holder.Allocation);
            await PutOld(cpu, old);
            return FaultResult.Done;
        }

        await Replace(cpu, fault, old, copy);
        mm.Ptl(fault.Page).Release(cpu);
        if (old is not null)
        {
            await R.Free.Put(cpu, old.Head, Holder.Mapping);
            await R.Slots.FreeSwapCache(cpu, old.Head);
            await PutOld(cpu, old);
        }

        return FaultResult.Done;
    }

    protected virtual async Flow Replace(Cpu cpu, FaultContext fault, Page? old, Folio copy)
    {
        MmStruct mm = fault.Mm;
        if (old is not { Head.Anon: true })
        {
            // In the place of the zero page, which is not counted, or of a page of the file, which is counted apart.
            mm.AddRss(1, 0);
            if (old is not null)
            {
                mm.AddRss(old.Head, -1);
            }
        }

        await cpu.At(ClearPte, mm.PteWord(fault.Page));
        mm.SetPte(fault.Page, Pte.None);
        await FlushOld(cpu, mm, fault.Page);
        await R.RmapNew.Add(cpu, copy, fault.Vma, fault.Page, exclusive: true);
        await R.Lru.AddFor(cpu, copy, fault.Vma);
        await cpu.At(SetPte, mm.PteWord(fault.Page));
        PteFlag flags = fault.Unshare ? PteFlag.Young : PteFlag.Write | PteFlag.Dirty | PteFlag.Young;
        copy.HandOver(Holder.Allocation, Holder.Mapping);
        mm.SetPte(fault.Page, new Pte(PteKind.Present, copy.Pfn, flags));
        if (old is { Head.Anon: false })
        {
            mm.TruthOwn(fault.Page, copy.Data);
        }

        if (old is not null)
        {
            // Only now: had the mapcount gone down first, another process could have reused the page that we still
            // read.
            await R.Rmap.RemoveOne(cpu, old, fault.Vma);
        }
    }

    /// <summary>The flush of ptep_clear_flush: nobody reads the old page once somebody can store to the
    /// new.</summary>
    protected virtual Flow FlushOld(Cpu cpu, MmStruct mm, int page) => R.Tlb.FlushPage(cpu, mm, page);

    protected virtual async Flow PutOld(Cpu cpu, Page? old)
    {
        if (old is not null)
        {
            await R.Free.Put(cpu, old.Head, Holder.Lookup);
        }
    }
}
