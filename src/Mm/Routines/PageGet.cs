using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>Short-term references to user pages (mm/gup.c: get_user_pages_fast with FOLL_GET for reading, v6.18), as
/// vmsplice takes them for a pipe.</summary>
/// <remarks>
/// A plain reference: no bias, no test of PageAnonExclusive, no copy of a shared page, no look at write_protect_seq.
/// Left out: writing, large mappings (the slow path finds their pages), the zero page's reference.
/// </remarks>
public class PageGet : Routine
{
    protected static readonly Point FastRead = Points.Define("GetFastReadPte", "gup_fast_pte_range", Access.Read);
    protected static readonly Point FastTryGet = Points.Define("GetFastTryGet", "try_grab_folio_fast", Access.Rmw);
    protected static readonly Point FastRecheck = Points.Define("GetFastRecheckPte", "gup_fast_pte_range", Access.Read);
    protected static readonly Point MmapLock = Points.Define("GetMmapLock", "__get_user_pages_locked", Access.Acquire);
    protected static readonly Point PteLock = Points.Define("GetPtl", "follow_page_pte", Access.Acquire);
    protected static readonly Point Grab = Points.Define("GetGrab", "try_grab_folio", Access.Rmw);
    protected static readonly Point StorePage = Points.Define("GetStore", "add_to_pipe", Access.Write);
    protected static readonly Point TakePage = Points.Define("GetTake", "pipe_read", Access.Rmw);
    protected static readonly Point ReadPage = Points.Define("GetRead", "pipe_read", Access.Read);

    /// <summary>vmsplice of one page: the pipe gets a reference.</summary>
    /// <returns>False when there is no such page, or no room in the pipe.</returns>
    public virtual async Flow<bool> Get(Cpu cpu, MmStruct mm, int page)
    {
        Page? frame = await GetFast(cpu, mm, page);
        frame ??= await GetSlowly(cpu, mm, page);
        if (frame is null)
        {
            return false;
        }

        while (Find(null, 0) is { } free)
        {
            await cpu.At(StorePage, free.Word);
            if (free.Frame is null)
            {
                free.Frame = frame;
                free.Mm = mm;
                free.Page = page;
                free.TruthSight = new Sight(mm.TruthId, frame.TruthStores, frame.Head.Anon);
                return true;
            }
        }

        await R.Free.Put(cpu, frame.Head, Holder.Get);
        return false;
    }

    /// <summary>The pipe's reader copies the page out, and its reference goes.</summary>
    /// <returns>False when the pipe has no such page.</returns>
    public virtual async Flow<bool> Put(Cpu cpu, MmStruct mm, int page)
    {
        if (Find(mm, page) is not { } held)
        {
            return false;
        }

        await cpu.At(TakePage, held.Word);
        if (held.Frame is not { } frame || held.Mm != mm || held.Page != page)
        {
            return false;
        }

        held.Frame = null;
        await Release(cpu, mm, frame, held.TruthSight);
        return true;
    }

    /// <summary>All pipes are closed.</summary>
    public virtual async Flow PutAll(Cpu cpu)
    {
        foreach (Pin held in K.Gets)
        {
            if (held.Frame is { } frame)
            {
                held.Frame = null;
                await Release(cpu, held.Mm, frame, held.TruthSight);
            }
        }
    }

    /// <summary>gup_fast without FOLL_PIN.</summary>
    protected virtual async Flow<Page?> GetFast(Cpu cpu, MmStruct mm, int page)
    {
        await cpu.At(FastRead, mm.PteWord(page));
        Pte pte = mm[page];
        if (!pte.IsPresent)
        {
            return null;
        }

        Page frame = K.PageOf(pte);
        Folio folio = frame.Head;
        await cpu.At(FastTryGet, folio.RefcountWord);
        if (!folio.TryGet(Holder.Get))
        {
            return null;
        }

        await cpu.At(FastRecheck, mm.PteWord(page));
        if (mm[page] != pte || frame.Head != folio || !mm.Table(page).IsTable)
        {
            await R.Free.Put(cpu, folio, Holder.Get);
            return null;
        }

        return frame;
    }

    /// <summary>__get_user_pages: looks under the ptl, faults, looks again.</summary>
    protected virtual async Flow<Page?> GetSlowly(Cpu cpu, MmStruct mm, int page)
    {
        while (true)
        {
            Pte pte = Pte.ZeroPage;
            Page? frame = null;
            await mm.MmapLock.AcquireRead(cpu, MmapLock);
            if (mm.FindVma(page) is not null)
            {
                KernelSpinlock ptl = await LockEntry(cpu, mm, page);
                pte = mm.Entry(page);
                if (pte.IsPresent)
                {
                    frame = K.PageOf(pte);
                    await cpu.At(Grab, frame.Head.RefcountWord);
                    frame.Head.Get(Holder.Get);
                }

                ptl.Release(cpu);
            }

            mm.MmapLock.ReleaseRead(cpu);
            if (frame is not null || pte.Kind == PteKind.Zero
                || !await R.Fault.FaultIn(cpu, mm, page, write: false, unshare: false))
            {
                return frame;
            }
        }
    }

    /// <summary>follow_pmd_mask and follow_page_pte: the lock of the huge entry, or that of the table if there is one
    /// by then.</summary>
    private static async Flow<KernelSpinlock> LockEntry(Cpu cpu, MmStruct mm, int page)
    {
        while (true)
        {
            bool isTable = mm.Table(page).IsTable;
            KernelSpinlock ptl = isTable ? mm.Ptl(page) : mm.PmdLock;
            await ptl.Acquire(cpu, PteLock);
            if (mm.Table(page).IsTable == isTable)
            {
                return ptl;
            }

            ptl.Release(cpu);
        }
    }

    private async Flow Release(Cpu cpu, MmStruct mm, Page frame, Sight sight)
    {
        await cpu.At(ReadPage, frame.DataWord);
        if (sight.Leaks(frame))
        {
            K.TruthBroken.Add(
                $"get: {mm} sees through its reference to {frame} what another process has stored there");
        }

        await R.Free.Put(cpu, frame.Head, Holder.Get);
    }

    private Pin? Find(MmStruct? mm, int page)
    {
        foreach (Pin held in K.Gets)
        {
            if (mm is null ? held.Frame is null : held.Frame is not null && held.Mm == mm && held.Page == page)
            {
                return held;
            }
        }

        return null;
    }
}
