using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>A page that is taken out of use while it still works (mm/memory-failure.c: soft_offline_page; mm/madvise.c:
/// MADV_SOFT_OFFLINE; v6.18): its content moves, the frame is never used again.</summary>
/// <remarks>Left out: large folios (refused), files, pages that are free.</remarks>
public class SoftOffline : Routine
{
    /// <summary>GET_PAGE_MAX_RETRY_NUM.</summary>
    protected const int PassesMax = 3;

    protected static readonly Point Mutex = Points.Define("OfflineMutex", "soft_offline_page", Access.Acquire);
    protected static readonly Point TestPoison = Points.Define("OfflineTestPoison", "soft_offline_page", Access.Read);
    protected static readonly Point TestLru = Points.Define("OfflineTestLru", "get_any_page", Access.Read);
    protected static readonly Point TryGet = Points.Define("OfflineTryGet", "__get_hwpoison_page", Access.Rmw);
    protected static readonly Point TestAgain =
        Points.Define("OfflineTestPoisonLocked", "soft_offline_in_use_page", Access.Read);
    protected static readonly Point SetFlag = Points.Define("OfflineSetFlag", "page_handle_poison", Access.Rmw);
    protected static readonly Point KeepFrame = Points.Define("OfflineKeepFrame", "page_handle_poison", Access.Rmw);

    /// <summary>MADV_SOFT_OFFLINE of one page.</summary>
    /// <returns>Whether the page was moved.</returns>
    public virtual async Flow<bool> Run(Cpu cpu, MmStruct mm, int page)
    {
        if (await R.MemoryFailure.GrabPage(cpu, mm, page) is not { } folio)
        {
            return false;
        }

        await K.PoisonMutex.AcquireWrite(cpu, Mutex);
        bool done = false;
        await cpu.At(TestPoison, folio.FlagsWord);
        if (folio.Has(PageFlag.HwPoison))
        {
            await R.Free.Put(cpu, folio, Holder.Lookup);
        }
        else
        {
            done = await MakeHandlable(cpu, folio) && await MoveAway(cpu, folio);
        }

        K.PoisonMutex.ReleaseWrite(cpu);
        return done;
    }

    /// <summary>get_any_page: sees to it that the page is on the LRU, with a reference still. False: the reference is
    /// gone.</summary>
    protected virtual async Flow<bool> MakeHandlable(Cpu cpu, Folio folio)
    {
        for (int pass = 0; ; pass++)
        {
            await cpu.At(TestLru, folio.FlagsWord);
            if (folio.Has(PageFlag.Lru))
            {
                return true;
            }

            await R.Free.Put(cpu, folio, Holder.Lookup);
            if (pass == PassesMax)
            {
                return false;
            }

            await R.Lru.DrainAll(cpu);
            await cpu.At(TestLru, folio.FlagsWord);
            if (!folio.Has(PageFlag.Lru))
            {
                return false;
            }

            await cpu.At(TryGet, folio.RefcountWord);
            if (folio.IsLarge || !folio.TryGet(Holder.Lookup))
            {
                return false;
            }
        }
    }

    /// <summary>soft_offline_in_use_page: the reference goes as soon as the page is isolated.</summary>
    protected virtual async Flow<bool> MoveAway(Cpu cpu, Folio folio)
    {
        await R.Locking.Lock(cpu, folio);
        await R.Locking.WaitForWriteback(cpu, folio);
        await cpu.At(TestAgain, folio.FlagsWord);
        bool poisoned = folio.Has(PageFlag.HwPoison);
        await R.Locking.Unlock(cpu, folio);
        bool isolated = !poisoned && await R.Lru.Isolate(cpu, folio);
        await R.Free.Put(cpu, folio, Holder.Lookup);
        if (!isolated || !await R.Migrate.MoveOffline(cpu, folio))
        {
            return false;
        }

        await HandlePoison(cpu, folio);
        return true;
    }

    /// <summary>page_handle_poison: the isolation's reference, which migration has left, is the last; the frame is not
    /// freed, and then has one reference for ever.</summary>
    protected virtual async Flow HandlePoison(Cpu cpu, Folio folio)
    {
        await cpu.At(SetFlag, folio.FlagsWord);
        folio.Set(PageFlag.HwPoison);
        await R.Free.Put(cpu, folio, Holder.Isolation);
        await cpu.At(KeepFrame, folio.RefcountWord);
        folio.Get(Holder.Poison);
    }
}
