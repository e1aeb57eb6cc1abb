using Interleave;

namespace Mm.State;

/// <summary>Sleepers for a bit of one folio's flags word (mm/filemap.c, folio_wait_bit_common, v6.18).</summary>
/// <remarks>The kernel hashes folios to shared queues; here each folio has its own, so no wake-up is
/// spurious.</remarks>
public sealed class FolioWaitQueue(KernelSpinlock queueLock, Folio folio)
{
    private readonly Waiter[] slots = new Waiter[Kernel.CpusMax];
    private readonly List<Waiter> queue = [];

    /// <summary>The queue's lock (wait_queue_head.lock), and the queue as an object of points.</summary>
    public KernelSpinlock Lock => queueLock;

    /// <summary>Whether somebody sleeps for PG_locked who has not been woken.</summary>
    public bool HasSleepers => queue.Count > 0;

    /// <summary>Queues a lane; it sleeps until <see cref="Wake"/> reaches it.</summary>
    public IWaitable Sleep(Cpu cpu, PageFlag bit, bool exclusive)
    {
        Waiter waiter = slots[cpu.Index] ??= new Waiter(folio);
        waiter.Cpu = cpu;
        waiter.Bit = bit;
        waiter.Exclusive = exclusive;
        waiter.Woken = false;
        queue.Add(waiter);
        return waiter;
    }

    /// <summary>folio_wake_bit: wakes sleepers of that bit up to the first exclusive one; returns whether sleepers are
    /// left.</summary>
    public bool Wake(PageFlag bit)
    {
        for (int i = 0; i < queue.Count; i++)
        {
            Waiter waiter = queue[i];
            if (waiter.Bit != bit)
            {
                continue;
            }

            if (waiter.Exclusive && folio.Has(bit))
            {
                break;
            }

            waiter.Woken = true;
            queue.RemoveAt(i--);
            if (waiter.Exclusive)
            {
                break;
            }
        }

        return queue.Count > 0;
    }

    /// <summary>Forgets the sleepers, for a new execution.</summary>
    public void Reset()
    {
        queueLock.Reset();
        queue.Clear();
    }

    private sealed class Waiter(Folio folio) : IWaitable
    {
        public Cpu Cpu { get; set; } = null!;

        public PageFlag Bit { get; set; }

        public bool Exclusive { get; set; }

        public bool Woken { get; set; }

        public bool IsReady(Cpu cpu) => Woken;

        public void Blockers(Cpu cpu, ICollection<Cpu> into)
        {
            if (Bit == PageFlag.Locked && folio.LockOwner is { } owner && folio.Has(PageFlag.Locked))
            {
                into.Add(owner);
            }
        }
    }
}
