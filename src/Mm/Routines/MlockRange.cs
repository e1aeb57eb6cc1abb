using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>mlock and munlock (mm/mlock.c: do_mlock, apply_vma_lock_flags, mlock_vma_pages_range, mlock_pte_range;
/// mm/gup.c: __mm_populate; v6.18).</summary>
/// <remarks>
/// Left out: limits and locked_vm, MLOCK_ONFAULT, mlockall. VMAs are merged with their neighbours when their pages are
/// done, not before.
/// </remarks>
public class MlockRange : Routine
{
    protected static readonly Point MmapLock = Points.Define("MlockMmapLock", "do_mlock", Access.Acquire);
    protected static readonly Point ClearMarker =
        Points.Define("MlockClearMarker", "mlock_vma_pages_range", Access.Write);
    protected static readonly Point PteLock = Points.Define("MlockPtl", "mlock_pte_range", Access.Acquire);
    protected static readonly Point ReadPte = Points.Define("MlockReadPte", "mlock_pte_range", Access.Read);
    protected static readonly Point PeekPmd = Points.Define("MlockPeekPmd", "mlock_pte_range", Access.Read);
    protected static readonly Point PmdLock = Points.Define("MlockPmdLock", "mlock_pte_range", Access.Acquire);
    protected static readonly Point PopulateLock = Points.Define("PopulateMmapLock", "__mm_populate", Access.Acquire);
    protected static readonly Point PopulateRead = Points.Define("PopulateReadPte", "follow_page_mask", Access.Read);

    protected static readonly Point TouchPtl = Points.Define("PopulateTouchPtl", "follow_page_pte", Access.Acquire);
    protected static readonly Point TouchDirty = Points.Define("PopulateSetDirty", "folio_mark_dirty", Access.Rmw);

    /// <summary>Tries to fault a page in before the call fails; __get_user_pages goes on for ever.</summary>
    private const int PopulateTries = 8;

    /// <summary>do_mlock, or munlock, of [start, end): stops at a hole.</summary>
    /// <returns>Whether a VMA changed.</returns>
    public virtual async Flow<bool> Run(Cpu cpu, MmStruct mm, int start, int end, bool lockIt)
    {
        bool any = false;
        int page = start;
        await mm.MmapLock.AcquireWrite(cpu, MmapLock);
        while (page < end && mm.FindVma(page) is { } vma)
        {
            int to = Math.Min(end, vma.End);
            if (vma.IsLocked != lockIt)
            {
                if (!await Fixup(cpu, vma, page, to, lockIt))
                {
                    break;
                }

                any = true;
            }

            page = to;
        }

        mm.MmapLock.ReleaseWrite(cpu);
        mm.TruthFilling++;
        bool fills = page == end;
        for (int i = start; lockIt && i < page; i++)
        {
            // A call that fails, at a hole, has locked what is before it, but brings nothing in; nor anything behind
            // a page that cannot be had.
            mm.TruthMissed[i] = !fills;
            bool tries = fills;
            fills = fills && await Populate(cpu, mm, i);
            if (tries && (!fills || i + 1 == page || mm.FindVma(i) is not { } vma || vma.End == i + 1))
            {
                // populate_vma_page_range goes through one VMA.
                await R.Lru.Drain(cpu);
            }
        }

        mm.TruthFilling--;
        return any;
    }

    /// <summary>mlock_fixup: the flag, then the pages that are there. Until these are done, VM_IO tells whoever maps a
    /// page again that it will be counted.</summary>
    protected virtual async Flow<bool> Fixup(Cpu cpu, Vma vma, int start, int end, bool lockIt)
    {
        VmaFlag flags = lockIt ? vma.Flags | Marked : vma.Flags & ~VmaFlag.Locked;
        if (!await R.VmaModify.Modify(cpu, vma, start, end, flags))
        {
            return false;
        }

        await R.Lru.Drain(cpu);
        while (start < end)
        {
            int next = Math.Min(end, vma.Mm.Table(start).End);
            if (!K.HasHugePmds || await HasTable(cpu, vma, start))
            {
                await WalkTable(cpu, vma, start, next);
            }

            start = next;
        }

        await R.Lru.Drain(cpu);
        if (lockIt)
        {
            await cpu.At(ClearMarker, vma.Lock);
            vma.Flags &= ~VmaFlag.Io;
        }

        await R.VmaModify.Settle(cpu, vma);
        return true;
    }

    /// <summary>The flags of a VMA while mlock goes through its pages.</summary>
    protected virtual VmaFlag Marked => VmaFlag.Locked | VmaFlag.Io;

    /// <summary>mlock_pte_range at a PMD entry. False: there is no table.</summary>
    protected virtual async Flow<bool> HasTable(Cpu cpu, Vma vma, int page)
    {
        PageTable table = vma.Mm.Table(page);
        await cpu.At(PeekPmd, table.PmdWord);
        if (table.Pmd.IsLeaf)
        {
            await vma.Mm.PmdLock.Acquire(cpu, PmdLock);
            if (table.Pmd.Kind == PmdKind.Huge)
            {
                await Change(cpu, vma, K.Folios[table.Pmd.Target]);
            }

            bool leaf = table.Pmd.IsLeaf;
            vma.Mm.PmdLock.Release(cpu);
            if (leaf)
            {
                return false;
            }
        }

        return table.IsTable;
    }

    /// <summary>mlock_pte_range over [start, end), which one page table covers.</summary>
    protected virtual async Flow WalkTable(Cpu cpu, Vma vma, int start, int end)
    {
        MmStruct mm = vma.Mm;
        await mm.Ptl(start).Acquire(cpu, PteLock);
        for (int page = start; page < end; page++)
        {
            await cpu.At(ReadPte, mm.PteWord(page));
            if (!mm[page].IsPresent)
            {
                continue;
            }

            Folio folio = K.FolioOf(mm[page]);
            int step = Step(mm, page, end);
            if (!vma.IsLocked || !folio.IsLarge || step == folio.PageCount)
            {
                await Change(cpu, vma, folio);
            }

            page += step - 1;
        }

        mm.Ptl(start).Release(cpu);
    }

    /// <summary>faultin of one page by __get_user_pages, as nobody wants to have the page: what can be written to is
    /// written to, in advance.</summary>
    /// <returns>False when the page cannot be had.</returns>
    protected virtual async Flow<bool> Populate(Cpu cpu, MmStruct mm, int page)
    {
        for (int attempt = 0; attempt < PopulateTries; attempt++)
        {
            await mm.MmapLock.AcquireRead(cpu, PopulateLock);
            bool write = false;
            bool there = true;
            if (mm.FindVma(page) is { IsLocked: true } vma)
            {
                write = BreaksCow(vma);
                there = await Follow(cpu, mm, page, write);
            }

            mm.MmapLock.ReleaseRead(cpu);
            if (there)
            {
                return true;
            }

            // The fault takes its locks itself, where __get_user_pages still has the mmap lock: a write to what has
            // become read-only since is no failure.
            bool failed = !await R.Fault.FaultIn(cpu, mm, page, write, unshare: false);
            if (failed && mm.FindVma(page) is { } now && write == BreaksCow(now))
            {
                return false;
            }
        }

        return false;
    }

    /// <summary>populate_vma_page_range of [start, end) for a private VMA that can be written to, by somebody who holds
    /// the mmap lock and keeps it: ends at the first page that cannot be had.</summary>
    public virtual async Flow PopulateLocked(Cpu cpu, Vma vma, int start, int end)
    {
        vma.Mm.TruthFilling++;
        for (int page = start; page < end && await PopulateLocked(cpu, vma, page); page++)
        {
        }

        vma.Mm.TruthFilling--;
        await R.Lru.Drain(cpu);
    }

    private async Flow<bool> PopulateLocked(Cpu cpu, Vma vma, int page)
    {
        for (int attempt = 0; attempt < PopulateTries; attempt++)
        {
            if (await Follow(cpu, vma.Mm, page, write: true))
            {
                return true;
            }

            if (await R.Fault.HandleLocked(cpu, vma, page, write: true) == FaultResult.Failed)
            {
                return false;
            }
        }

        return false;
    }

    /// <summary>Whether populate_vma_page_range asks for FOLL_WRITE.</summary>
    private static bool BreaksCow(Vma vma) => vma is { Writable: true, Shared: false };

    /// <summary>follow_page_mask with FOLL_TOUCH.</summary>
    /// <returns>Whether the page is there, to be written to if that is wanted.</returns>
    protected virtual async Flow<bool> Follow(Cpu cpu, MmStruct mm, int page, bool write)
    {
        await cpu.At(PopulateRead, mm.PteWord(page));
        Pte pte = mm.Entry(page);
        bool there = (pte.IsPresent || pte.Kind == PteKind.Zero) && (!write || pte.Writable);
        if (there && write && pte is { IsPresent: true, Dirty: false } && mm[page] == pte)
        {
            await MarkDirty(cpu, mm, page, pte);
        }

        return there;
    }

    /// <summary>follow_page_pte with FOLL_TOUCH and FOLL_WRITE: what might be written to counts as dirty.</summary>
    protected virtual async Flow MarkDirty(Cpu cpu, MmStruct mm, int page, Pte pte)
    {
        await mm.Ptl(page).Acquire(cpu, TouchPtl);
        if (mm[page] == pte)
        {
            await cpu.At(TouchDirty, K.FolioOf(pte).FlagsWord);
            K.FolioOf(pte).Set(PageFlag.Dirty);
        }

        mm.Ptl(page).Release(cpu);
    }

    private Flow Change(Cpu cpu, Vma vma, Folio folio) =>
        vma.IsLocked ? R.Mlock.MlockFolio(cpu, folio) : R.Mlock.Munlock(cpu, folio);

    /// <summary>folio_mlock_step: pages of one folio that follow each other.</summary>
    private int Step(MmStruct mm, int page, int end)
    {
        Folio folio = K.FolioOf(mm[page]);
        int first = mm[page].Target;
        int count = 1;
        while (folio.IsLarge && page + count < end && mm[page + count].IsPresent
            && mm[page + count].Target == first + count && K.FolioOf(mm[page + count]) == folio)
        {
            count++;
        }

        return count;
    }
}
