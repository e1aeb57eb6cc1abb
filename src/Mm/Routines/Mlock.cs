using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>mlock and munlock of one folio, by way of a batch for each cpu (mm/mlock.c: mlock_folio, munlock_folio,
/// mlock_folio_batch; mm/swap.c: lru_add; v6.18).</summary>
/// <remarks>
/// Best effort: a folio that is off the LRU when its turn comes is not counted, and a munlock of it forgets who else
/// has locked it. Reclaim puts that right when it finds the folio in a VMA that is locked. Left out: events,
/// lru_cache_disable, mappings that are unevictable as a whole (SHM_LOCK).
/// </remarks>
public class Mlock : Routine
{
    protected static readonly Point SetMlocked = Points.Define("MlockSetMlocked", "mlock_folio", Access.Rmw);
    protected static readonly Point Get = Points.Define("MlockGet", "mlock_folio", Access.Rmw);
    protected static readonly Point NewSetMlocked = Points.Define("MlockNewSetMlocked", "mlock_new_folio", Access.Rmw);
    protected static readonly Point NewGet = Points.Define("MlockNewGet", "mlock_new_folio", Access.Rmw);
    protected static readonly Point MunlockGet = Points.Define("MunlockGet", "munlock_folio", Access.Rmw);
    protected static readonly Point DrainLook = Points.Define("MlockDrain", "mlock_drain_local", Access.Read);
    protected static readonly Point BatchLock = Points.Define("MlockLruLock", "mlock_folio_batch", Access.Acquire);
    protected static readonly Point LruTestClear = Points.Define("MlockTestClearLru", "__mlock_folio", Access.Rmw);
    protected static readonly Point TestEvictable = Points.Define("MlockTestEvictable", "__mlock_folio", Access.Read);
    protected static readonly Point RescueClear = Points.Define("MlockRescue", "__mlock_folio", Access.Rmw);
    protected static readonly Point TestUnevictable =
        Points.Define("MlockTestUnevictable", "__mlock_folio", Access.Read);
    protected static readonly Point ClearActive = Points.Define("MlockClearActive", "__mlock_folio", Access.Rmw);
    protected static readonly Point SetUnevictable = Points.Define("MlockSetUnevictable", "__mlock_folio", Access.Rmw);
    protected static readonly Point CountFirst = Points.Define("MlockCountFirst", "__mlock_folio", Access.Read);
    protected static readonly Point SetLru = Points.Define("MlockSetLru", "__mlock_folio", Access.Rmw);
    protected static readonly Point NewTest = Points.Define("MlockNewTestEvictable", "__mlock_new_folio", Access.Read);
    protected static readonly Point NewSetUnevictable =
        Points.Define("MlockNewSetUnevictable", "__mlock_new_folio", Access.Rmw);
    protected static readonly Point NewCount = Points.Define("MlockNewCount", "__mlock_new_folio", Access.Read);
    protected static readonly Point NewSetLru = Points.Define("MlockNewSetLru", "__mlock_new_folio", Access.Rmw);
    protected static readonly Point MunlockTestClear =
        Points.Define("MunlockTestClearLru", "__munlock_folio", Access.Rmw);
    protected static readonly Point ClearMlocked = Points.Define("MunlockClearMlocked", "__munlock_folio", Access.Rmw);
    protected static readonly Point MunlockTest =
        Points.Define("MunlockTestEvictable", "__munlock_folio", Access.Read);
    protected static readonly Point MunlockRescue = Points.Define("MunlockRescue", "__munlock_folio", Access.Rmw);
    protected static readonly Point MunlockSetLru = Points.Define("MunlockSetLru", "__munlock_folio", Access.Rmw);
    protected static readonly Point AddTestClear = Points.Define("LruAddClearUnevictable", "lru_add", Access.Rmw);
    protected static readonly Point AddTest = Points.Define("LruAddTestEvictable", "lru_add", Access.Read);
    protected static readonly Point AddClearActive = Points.Define("LruAddClearActive", "lru_add", Access.Rmw);
    protected static readonly Point AddUnevictable = Points.Define("LruAddSetUnevictable", "lru_add", Access.Rmw);

    private readonly MlockBatch?[] taken = new MlockBatch?[Kernel.CpusMax];
    private readonly bool[] locked = new bool[Kernel.CpusMax];

    /// <summary>Whether this cpu has folios to mlock or munlock.</summary>
    public bool HasAny(Cpu cpu) => K.Lruvec.MlockBatches[cpu.Index].Folios.Count != 0;

    /// <summary>mlock_folio: PG_mlocked at once, all else when the batch is drained.</summary>
    public virtual async Flow MlockFolio(Cpu cpu, Folio folio)
    {
        await cpu.At(SetMlocked, folio.FlagsWord);
        if (!folio.TestAndSet(PageFlag.Mlocked))
        {
            K.Lruvec.CountMlocked(folio, 1);
        }

        await cpu.At(Get, folio.RefcountWord);
        await AddToBatch(cpu, folio, MlockWork.Mlock);
    }

    /// <summary>mlock_new_folio: in place of folio_add_lru, for a folio that nobody has mlocked yet.</summary>
    public virtual async Flow MlockNew(Cpu cpu, Folio folio)
    {
        K.BugOn(folio.Has(PageFlag.Lru), "VM_BUG_ON_FOLIO(folio_test_lru(folio))", "folio_add_lru_vma", folio);
        await cpu.At(NewSetMlocked, folio.FlagsWord);
        folio.Set(PageFlag.Mlocked);
        K.Lruvec.CountMlocked(folio, 1);
        await cpu.At(NewGet, folio.RefcountWord);
        await AddToBatch(cpu, folio, MlockWork.MlockNew);
    }

    /// <summary>munlock_folio: PG_mlocked stays until the batch is drained, as another VMA may have locked the folio
    /// too.</summary>
    public virtual async Flow Munlock(Cpu cpu, Folio folio)
    {
        await cpu.At(MunlockGet, folio.RefcountWord);
        await AddToBatch(cpu, folio, MlockWork.Munlock);
    }

    /// <summary>mlock_drain_local.</summary>
    public Flow DrainLocal(Cpu cpu) =>
        HasAny(cpu) ? DrainBatch(cpu, K.Lruvec.MlockBatches[cpu.Index]) : Flow.Done;

    /// <summary>lru_add_drain_all: the batches of all cpus.</summary>
    public virtual async Flow DrainEvery(Cpu cpu)
    {
        foreach (MlockBatch batch in K.Lruvec.MlockBatches)
        {
            if (batch.Folios.Count > 0)
            {
                await DrainBatch(cpu, batch);
            }
        }
    }

    /// <summary>mlock_folio_batch: under one hold of the lruvec lock from the first folio on that is on the LRU; the
    /// references go at the end.</summary>
    public virtual async Flow DrainBatch(Cpu cpu, MlockBatch batch)
    {
        await cpu.At(DrainLook, batch.Word);
        MlockBatch own = taken[cpu.Index] ??= new MlockBatch(batch.Word);
        own.Take(batch);
        locked[cpu.Index] = false;
        for (int i = 0; i < own.Folios.Count; i++)
        {
            await (own.Works[i] switch
            {
                MlockWork.Mlock => MlockOne(cpu, own.Folios[i]),
                MlockWork.MlockNew => MlockNewOne(cpu, own.Folios[i]),
                _ => MunlockOne(cpu, own.Folios[i]),
            });
        }

        if (locked[cpu.Index])
        {
            K.Lruvec.Lock.Release(cpu);
        }

        foreach (Folio folio in own.Folios)
        {
            await R.Free.Put(cpu, folio, Holder.LruBatch);
        }
    }

    /// <summary>The part of lru_add about a folio that is, or was, unevictable; the lruvec lock is held. How many VMAs
    /// have locked it is forgotten: too few is better than too many, which would never go.</summary>
    public virtual async Flow AddToLru(Cpu cpu, Folio folio)
    {
        await cpu.At(AddTestClear, folio.FlagsWord);
        folio.Clear(PageFlag.Unevictable);
        await cpu.At(AddTest, folio.FlagsWord);
        if (!IsEvictable(folio))
        {
            await cpu.At(AddClearActive, folio.FlagsWord);
            folio.Clear(PageFlag.Active);
            await cpu.At(AddUnevictable, folio.FlagsWord);
            folio.Set(PageFlag.Unevictable);
            folio.SetMlockCount(0);
        }

        R.Lru.Link(folio);
    }

    /// <summary>__mlock_folio: while it is off the LRU there is nothing to be done.</summary>
    protected virtual async Flow MlockOne(Cpu cpu, Folio folio)
    {
        await cpu.At(LruTestClear, folio.FlagsWord);
        if (!folio.TestAndClear(PageFlag.Lru))
        {
            return;
        }

        await LockLru(cpu);
        await cpu.At(TestEvictable, folio.FlagsWord);
        if (IsEvictable(folio))
        {
            // Munlocked by another cpu meanwhile.
            await RescueFrom(cpu, folio, RescueClear);
        }
        else
        {
            await cpu.At(TestUnevictable, folio.FlagsWord);
            if (folio.Has(PageFlag.Unevictable))
            {
                if (folio.Has(PageFlag.Mlocked))
                {
                    folio.SetMlockCount(folio.MlockCount + 1);
                }
            }
            else
            {
                R.Lru.Unlink(folio);
                await cpu.At(ClearActive, folio.FlagsWord);
                folio.Clear(PageFlag.Active);
                await cpu.At(SetUnevictable, folio.FlagsWord);
                folio.Set(PageFlag.Unevictable);
                await cpu.At(CountFirst, folio.FlagsWord);
                folio.SetMlockCount(folio.Has(PageFlag.Mlocked) ? 1 : 0);
                R.Lru.Link(folio);
            }
        }

        await cpu.At(SetLru, folio.FlagsWord);
        folio.Set(PageFlag.Lru);
    }

    /// <summary>__mlock_new_folio.</summary>
    protected virtual async Flow MlockNewOne(Cpu cpu, Folio folio)
    {
        K.BugOn(folio.Has(PageFlag.Lru), "VM_BUG_ON_FOLIO(folio_test_lru(folio))", "__mlock_new_folio", folio);
        await LockLru(cpu);
        await cpu.At(NewTest, folio.FlagsWord);
        if (!IsEvictable(folio))
        {
            await cpu.At(NewSetUnevictable, folio.FlagsWord);
            folio.Set(PageFlag.Unevictable);
            await cpu.At(NewCount, folio.FlagsWord);
            folio.SetMlockCount(folio.Has(PageFlag.Mlocked) ? 1 : 0);
        }

        R.Lru.Link(folio);
        await cpu.At(NewSetLru, folio.FlagsWord);
        folio.Set(PageFlag.Lru);
    }

    /// <summary>__munlock_folio: the last one of those that were counted clears PG_mlocked; so does one that comes when
    /// the folio is off the LRU, without any lock.</summary>
    protected virtual async Flow MunlockOne(Cpu cpu, Folio folio)
    {
        bool isolated = await TakeForMunlock(cpu, folio);
        if (!isolated || !IsLockedStill(folio))
        {
            await cpu.At(ClearMlocked, folio.FlagsWord);
            if (folio.TestAndClear(PageFlag.Mlocked))
            {
                K.Lruvec.CountMlocked(folio, -1);
            }

            if (isolated)
            {
                await cpu.At(MunlockTest, folio.FlagsWord);
                if (IsEvictable(folio))
                {
                    await RescueFrom(cpu, folio, MunlockRescue);
                }
            }
        }

        if (isolated)
        {
            await cpu.At(MunlockSetLru, folio.FlagsWord);
            folio.Set(PageFlag.Lru);
        }
    }

    /// <summary>The first step of __munlock_folio: whether the folio's place on the LRU is ours now; then the lruvec
    /// lock is held.</summary>
    protected virtual async Flow<bool> TakeForMunlock(Cpu cpu, Folio folio)
    {
        await cpu.At(MunlockTestClear, folio.FlagsWord);
        if (!folio.TestAndClear(PageFlag.Lru))
        {
            return false;
        }

        await LockLru(cpu);
        return true;
    }

    /// <summary>One VMA less has locked the folio: whether any other has that was counted.</summary>
    protected virtual bool IsLockedStill(Folio folio)
    {
        if (!folio.Has(PageFlag.Unevictable))
        {
            return false;
        }

        int count = folio.MlockCount;
        if (count > 0)
        {
            folio.SetMlockCount(--count);
        }

        return count > 0;
    }

    /// <summary>folio_lruvec_relock_irq.</summary>
    protected async Flow LockLru(Cpu cpu)
    {
        if (!locked[cpu.Index])
        {
            await K.Lruvec.Lock.Acquire(cpu, BatchLock);
            locked[cpu.Index] = true;
        }
    }

    /// <summary>folio_evictable.</summary>
    protected static bool IsEvictable(Folio folio) => !folio.Has(PageFlag.Mlocked);

    private async Flow RescueFrom(Cpu cpu, Folio folio, Point clear)
    {
        if (folio.Has(PageFlag.Unevictable))
        {
            R.Lru.Unlink(folio);
            await cpu.At(clear, folio.FlagsWord);
            folio.Clear(PageFlag.Unevictable);
            R.Lru.Link(folio);
        }
    }

    /// <summary>The cpu has parked for the reference.</summary>
    private Flow AddToBatch(Cpu cpu, Folio folio, MlockWork work)
    {
        folio.Get(Holder.LruBatch);
        MlockBatch batch = K.Lruvec.MlockBatches[cpu.Index];
        batch.Folios.Add(folio);
        batch.Works.Add(work);
        return batch.Folios.Count == LruBatch.Size || folio.IsLarge ? DrainBatch(cpu, batch) : Flow.Done;
    }
}
