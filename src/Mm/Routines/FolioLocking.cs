using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>The folio lock and waiting for a bit of the flags word (mm/filemap.c, include/linux/pagemap.h,
/// v6.18).</summary>
/// <remarks>
/// Left out: the fairness of folio_lock (a waiter that lost five times gets the lock handed over): it removes
/// interleavings, it adds none. Killable and timed waits: no call here is killed.
/// </remarks>
public class FolioLocking : Routine
{
    protected static readonly Point TrylockPoint = Points.Define("FolioTrylock", "folio_trylock", Access.Rmw);
    protected static readonly Point LockFast = Points.Define("FolioLock", "folio_lock", Access.Rmw);
    protected static readonly Point QueueLock =
        Points.Define("FolioQueueLock", "folio_wait_bit_common", Access.Acquire);
    protected static readonly Point SetWaiters = Points.Define("FolioSetWaiters", "folio_wait_bit_common", Access.Rmw);
    protected static readonly Point Queue = Points.Define("FolioQueueForBit", "folio_wait_bit_common", Access.Rmw);
    protected static readonly Point Sleep = Points.Define("FolioSleepForBit", "folio_wait_bit_common", Access.Acquire);
    protected static readonly Point Unlocking = Points.Define("FolioUnlock", "folio_unlock", Access.Rmw);
    protected static readonly Point Waking = Points.Define("FolioWake", "folio_wake_bit", Access.Acquire);
    protected static readonly Point TestWriteback =
        Points.Define("FolioTestWriteback", "folio_wait_writeback", Access.Read);
    protected static readonly Point EndGet = Points.Define("EndWritebackGet", "folio_end_writeback", Access.Rmw);
    protected static readonly Point EndReclaim = Points.Define("EndClearReclaim", "folio_end_writeback", Access.Rmw);
    protected static readonly Point EndWrite = Points.Define("EndWriteback", "folio_end_writeback", Access.Rmw);

    /// <summary>folio_trylock.</summary>
    public virtual async Flow<bool> TryLock(Cpu cpu, Folio folio)
    {
        await cpu.At(TrylockPoint, folio.FlagsWord);
        return Take(cpu, folio);
    }

    /// <summary>folio_lock: sleeps until the lock is ours.</summary>
    public virtual async Flow Lock(Cpu cpu, Folio folio)
    {
        await cpu.At(LockFast, folio.FlagsWord);
        while (!Take(cpu, folio))
        {
            IWaitable? sleep = await QueueFor(cpu, folio, PageFlag.Locked, exclusive: true);
            if (sleep is null)
            {
                return;
            }

            await SleepFor(cpu, folio, sleep);
        }
    }

    /// <summary>folio_unlock: one atomic step clears PG_locked and looks at PG_waiters; only if that is set is anybody
    /// woken.</summary>
    public virtual async Flow Unlock(Cpu cpu, Folio folio)
    {
        await cpu.At(Unlocking, folio.FlagsWord);
        K.BugOn(!folio.Has(PageFlag.Locked), "VM_BUG_ON_FOLIO(!folio_test_locked(folio))", "folio_unlock", folio);
        folio.LockOwner = null;
        cpu.Drop(folio.FlagsWord);
        await ClearAndWake(cpu, folio, PageFlag.Locked);
    }

    /// <summary>folio_wait_writeback.</summary>
    public virtual async Flow WaitForWriteback(Cpu cpu, Folio folio)
    {
        await cpu.At(TestWriteback, folio.FlagsWord);
        while (folio.Has(PageFlag.Writeback))
        {
            await WaitClear(cpu, folio, PageFlag.Writeback);
        }
    }

    /// <summary>folio_end_writeback.</summary>
    public virtual async Flow EndWriteback(Cpu cpu, Folio folio)
    {
        await cpu.At(EndGet, folio.RefcountWord);
        folio.Get(Holder.Lookup);
        if (folio.Has(PageFlag.Reclaim))
        {
            await cpu.At(EndReclaim, folio.FlagsWord);
            folio.Clear(PageFlag.Reclaim);
            await R.LruMoves.Rotate(cpu, folio);
        }

        await cpu.At(EndWrite, folio.FlagsWord);
        K.BugOn(
            !folio.Has(PageFlag.Writeback), "VM_BUG_ON_FOLIO(!folio_test_writeback(folio))", "folio_end_writeback",
            folio);
        await ClearAndWake(cpu, folio, PageFlag.Writeback);
        await R.Free.Put(cpu, folio, Holder.Lookup);
    }

    /// <summary>Sleeps once for a bit to be cleared, without taking it.</summary>
    public virtual async Flow WaitClear(Cpu cpu, Folio folio, PageFlag bit)
    {
        IWaitable? sleep = await QueueFor(cpu, folio, bit, exclusive: false);
        if (sleep is not null)
        {
            await SleepFor(cpu, folio, sleep);
        }
    }

    /// <summary>
    /// The entry of folio_wait_bit_common: sets PG_waiters, then tries the bit once more and queues, both under the
    /// queue's lock. Null when the bit was free (and taken, if <paramref name="exclusive"/>).
    /// </summary>
    public virtual async Flow<IWaitable?> QueueFor(Cpu cpu, Folio folio, PageFlag bit, bool exclusive)
    {
        KernelSpinlock queueLock = folio.WaitQueue.Lock;
        await queueLock.Acquire(cpu, QueueLock);
        await cpu.At(SetWaiters, folio.FlagsWord);
        folio.Set(PageFlag.Waiters);
        await cpu.At(Queue, folio.FlagsWord);
        IWaitable? sleep = null;
        if (exclusive ? !Take(cpu, folio) : folio.Has(bit))
        {
            K.Touched.Folios.Add(folio.Pfn);
            sleep = folio.WaitQueue.Sleep(cpu, bit, exclusive);
        }

        queueLock.Release(cpu);
        return sleep;
    }

    /// <summary>Sleeps until a wake-up reaches the queued waiter.</summary>
    public virtual async Flow SleepFor(Cpu cpu, Folio folio, IWaitable sleep) =>
        await cpu.At(Sleep, folio.WaitQueue.Lock, sleep);

    /// <summary>The second half of an unlock or of the end of writeback; the caller has parked at the clearing
    /// step.</summary>
    public virtual async Flow ClearAndWake(Cpu cpu, Folio folio, PageFlag bit)
    {
        folio.Clear(bit);
        if (!folio.Has(PageFlag.Waiters))
        {
            return;
        }

        await folio.WaitQueue.Lock.Acquire(cpu, Waking);
        if (!folio.WaitQueue.Wake(bit))
        {
            folio.Clear(PageFlag.Waiters);
        }

        folio.WaitQueue.Lock.Release(cpu);
    }

    /// <summary>Marks a folio that nobody else can see as locked (__folio_set_locked): no step.</summary>
    public static void SetLockedPrivate(Cpu cpu, Folio folio)
    {
        folio.Set(PageFlag.Locked);
        folio.LockOwner = cpu;
        cpu.Hold(folio.FlagsWord);
    }

    private static bool Take(Cpu cpu, Folio folio)
    {
        if (folio.TestAndSet(PageFlag.Locked))
        {
            return false;
        }

        folio.LockOwner = cpu;
        cpu.Hold(folio.FlagsWord);
        return true;
    }
}
