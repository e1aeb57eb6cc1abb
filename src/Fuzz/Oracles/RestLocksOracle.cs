using Interleave;
using Mm.State;

namespace Fuzz.Oracles;

/// <summary>At rest nothing is locked: no page table, no list, no cluster, no address space, no folio; and nobody has a
/// flush of the TLB before him.</summary>
/// <remarks>3c, X3. A lock that stays is met by the next caller as a hang, a locked folio also at its free.</remarks>
public sealed class RestLocksOracle : IWorldOracle
{
    private const string Hang = "INFO: task blocked for more than 120 seconds.";

    /// <inheritdoc />
    public string Name => "rest-locks";

    /// <inheritdoc />
    public void Check(Kernel kernel, Seen seen, IJudge judge)
    {
        foreach (Cpu cpu in kernel.Machine.Cpus)
        {
            if (cpu.RcuDepth != 0)
            {
                judge.Broken(this, "RCU read section left open", $"{cpu}", "rcu: INFO: rcu_preempt detected stalls");
            }
        }

        CheckSpinlock(kernel.Lruvec.Lock, judge);
        CheckSpinlock(kernel.Swap.ClusterLock, judge);
        CheckRwsem(kernel.Memcgs.Mutex, judge);
        foreach (Memcg memcg in kernel.Memcgs.All)
        {
            CheckSpinlock(memcg.MoveLock, judge);
        }

        CheckRwsem(kernel.Ksm.Mutex, judge);
        CheckRwsem(kernel.PoisonMutex, judge);
        for (int i = 0; i < kernel.MmCount; i++)
        {
            MmStruct mm = kernel.Mms[i];
            CheckSpinlock(mm.PmdLock, judge);
            for (int page = 0; page < kernel.PageCount; page += 1 << kernel.PmdOrder)
            {
                CheckSpinlock(mm.Ptl(page), judge);
            }

            CheckRwsem(mm.MmapLock, judge);
            if (mm.Tlb.FlushPending != 0)
            {
                judge.Broken(this, "tlb_flush_pending is not 0", $"{mm}: {mm.Tlb.FlushPending}");
            }

            foreach (Vma vma in mm.Vmas)
            {
                CheckRwsem(vma.Lock, judge);
                if (vma.AnonVma is not null)
                {
                    CheckRwsem(vma.AnonVma.Root.Rwsem, judge);
                }
            }
        }

        for (int number = 0; number < kernel.Files.Count && kernel.Files.Used; number++)
        {
            Inode file = kernel.Files[number];
            CheckRwsem(file.Rwsem, judge);
            CheckRwsem(file.InvalidateLock, judge);
            CheckRwsem(file.MmapRwsem, judge);
            CheckSpinlock(file.XarrayLock, judge);
        }

        foreach (int pfn in seen.Folios)
        {
            Folio folio = kernel.Folios[pfn];
            CheckFolio(folio, judge);
        }
    }

    private void CheckFolio(Folio folio, IJudge judge)
    {
        if (folio.Free)
        {
            return;
        }

        if (folio.Has(PageFlag.Locked))
        {
            judge.Broken(
                this, "folio left locked", $"{folio}: flags {folio.Flags}, lock owner {folio.LockOwner}", Hang);
        }

        if (folio.Has(PageFlag.Writeback))
        {
            judge.Broken(this, "folio left under writeback", $"{folio}: flags {folio.Flags}", Hang);
        }

        CheckSpinlock(folio.WaitQueue.Lock, judge);
        if (folio.IsLarge)
        {
            CheckSpinlock(folio.Large.MmIdLock, judge);
        }

        if (folio.WaitQueue.HasSleepers)
        {
            judge.Broken(this, "sleeper left on a folio", $"{folio}: flags {folio.Flags}", Hang);
        }

        if (Freezing.IsFrozen(folio))
        {
            judge.Broken(this, "refcount left frozen", $"{folio}: mapcount {folio.Mapcount}", Hang);
        }
    }

    private void CheckSpinlock(KernelSpinlock spinlock, IJudge judge)
    {
        if (spinlock.Holder is not null)
        {
            judge.Broken(
                this, "spinlock left locked", $"{spinlock}: held by {spinlock.Holder}",
                "watchdog: BUG: soft lockup - CPU stuck");
        }
    }

    private void CheckRwsem(Rwsem semaphore, IJudge judge)
    {
        if (semaphore.IsLocked)
        {
            judge.Broken(this, "semaphore left locked", $"{semaphore}: writer {semaphore.Writer}", Hang);
        }
    }
}
