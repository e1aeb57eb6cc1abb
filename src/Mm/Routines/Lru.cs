using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>LRU batches, isolation and putback (mm/swap.c, mm/vmscan.c, v6.18, classic lists).</summary>
/// <remarks>Left out: the activation batch (it reorders lists). The unevictable list is in
/// <see cref="Mlock"/>; the batches that move a folio from list to list are in <see cref="LruMoves"/>.</remarks>
public class Lru : Routine
{
    protected static readonly Point BatchAdd = Points.Define("LruBatchAdd", "folio_add_lru", Access.Write);
    protected static readonly Point DrainLook = Points.Define("LruDrain", "lru_add_drain", Access.Read);
    protected static readonly Point DrainLock = Points.Define("LruDrainLock", "folio_batch_move_lru", Access.Acquire);
    protected static readonly Point AddSetFlag = Points.Define("LruAddSetFlag", "lru_add", Access.Rmw);
    protected static readonly Point IsolateTest = Points.Define("LruIsolateTestClear", "folio_isolate_lru", Access.Rmw);
    protected static readonly Point IsolateGet = Points.Define("LruIsolateGet", "folio_isolate_lru", Access.Rmw);
    protected static readonly Point IsolateLock = Points.Define("LruIsolateLock", "folio_isolate_lru", Access.Acquire);
    protected static readonly Point PutbackLock = Points.Define("LruPutbackLock", "move_folios_to_lru", Access.Acquire);
    protected static readonly Point PutbackFlag = Points.Define("LruPutbackSetFlag", "move_folios_to_lru", Access.Rmw);
    protected static readonly Point PutbackPut = Points.Define("LruPutbackPut", "move_folios_to_lru", Access.Rmw);
    protected static readonly Point PutbackClear = Points.Define("LruPutbackClear", "move_folios_to_lru", Access.Write);

    private readonly List<Folio>[] draining = ListForEachCpu();
    private readonly List<Folio>[] dying = ListForEachCpu();

    /// <summary>folio_add_lru: the folio goes to this cpu's batch, with a reference. A large one does not stay there,
    /// nor does what was there before it.</summary>
    public virtual async Flow Add(Cpu cpu, Folio folio)
    {
        LruBatch batch = K.Lruvec.Batches[cpu.Index];
        await cpu.At(BatchAdd, batch.Word);
        K.BugOn(folio.Has(PageFlag.Lru), "VM_BUG_ON_FOLIO(folio_test_lru(folio))", "folio_add_lru", folio);
        folio.Get(Holder.LruBatch);
        batch.Folios.Add(folio);
        if (batch.Folios.Count == LruBatch.Size || folio.IsLarge)
        {
            await Drain(cpu);
        }
    }

    /// <summary>folio_add_lru_vma: a new folio of a VMA that is locked is mlocked instead.</summary>
    public Flow AddFor(Cpu cpu, Folio folio, Vma vma) =>
        vma.CountsMlock ? R.Mlock.MlockNew(cpu, folio) : Add(cpu, folio);

    /// <summary>lru_add_drain: this cpu's batches go to the LRU.</summary>
    /// <returns>Whether there was anything to drain.</returns>
    public virtual Flow<bool> Drain(Cpu cpu) => R.LruMoves.HasAny(cpu) || R.Mlock.HasAny(cpu)
        ? DrainOwn(cpu)
        : DrainBatch(cpu, K.Lruvec.Batches[cpu.Index]);

    /// <summary>lru_add_drain_all: the batches of all cpus.</summary>
    public virtual async Flow DrainAll(Cpu cpu)
    {
        foreach (LruBatch batch in K.Lruvec.Batches)
        {
            if (batch.Folios.Count > 0)
            {
                await DrainBatch(cpu, batch);
            }
        }

        await R.LruMoves.DrainEvery(cpu);
        await R.Mlock.DrainEvery(cpu);
    }

    /// <summary>folio_batch_move_lru(lru_add): each folio is linked first and flagged second; the references go at the
    /// end.</summary>
    /// <returns>Whether there was anything to drain.</returns>
    public virtual async Flow<bool> DrainBatch(Cpu cpu, LruBatch batch)
    {
        await cpu.At(DrainLook, batch.Word);
        if (batch.Folios.Count == 0)
        {
            return false;
        }

        // Another drain by this cpu cannot begin before this one has ended, so one list for each cpu is enough.
        List<Folio> folios = draining[cpu.Index];
        folios.Clear();
        folios.AddRange(batch.Folios);
        batch.Folios.Clear();
        await K.Lruvec.Lock.Acquire(cpu, DrainLock);
        foreach (Folio folio in folios)
        {
            K.BugOn(folio.Has(PageFlag.Lru), "VM_BUG_ON_FOLIO(folio_test_lru(folio))", "lru_add", folio);
            if ((folio.Flags & (PageFlag.Mlocked | PageFlag.Unevictable)) == PageFlag.None)
            {
                ListFor(folio).AddHead(folio);
            }
            else
            {
                await R.Mlock.AddToLru(cpu, folio);
            }

            await cpu.At(AddSetFlag, folio.FlagsWord);
            folio.Set(PageFlag.Lru);
        }

        K.Lruvec.Lock.Release(cpu);
        foreach (Folio folio in folios)
        {
            await R.Free.Put(cpu, folio, Holder.LruBatch);
        }

        return true;
    }

    /// <summary>folio_isolate_lru: whoever clears PG_lru takes the folio off its list; the caller keeps it alive
    /// meanwhile.</summary>
    public virtual async Flow<bool> Isolate(Cpu cpu, Folio folio)
    {
        K.BugOn(folio.Refcount == 0, "VM_BUG_ON_FOLIO(!folio_ref_count(folio))", "folio_isolate_lru", folio);
        await cpu.At(IsolateTest, folio.FlagsWord);
        if (!folio.TestAndClear(PageFlag.Lru))
        {
            return false;
        }

        await cpu.At(IsolateGet, folio.RefcountWord);
        folio.Get(Holder.Isolation);
        await K.Lruvec.Lock.Acquire(cpu, IsolateLock);
        Unlink(folio);
        K.Lruvec.Lock.Release(cpu);
        return true;
    }

    /// <summary>folio_putback_lru: back through this cpu's batch, then the isolation's reference goes.</summary>
    public virtual async Flow Putback(Cpu cpu, Folio folio)
    {
        await Add(cpu, folio);
        await R.Free.Put(cpu, folio, Holder.Isolation);
    }

    /// <summary>move_folios_to_lru: back from reclaim's private list; PG_lru first, then the reference, then the
    /// link.</summary>
    public virtual async Flow MoveToLru(Cpu cpu, FolioList list)
    {
        List<Folio> dead = dying[cpu.Index];
        dead.Clear();
        await K.Lruvec.Lock.Acquire(cpu, PutbackLock);
        while (list.Last is { } folio)
        {
            K.BugOn(folio.Has(PageFlag.Lru), "VM_BUG_ON_FOLIO(folio_test_lru(folio))", "move_folios_to_lru", folio);
            FolioList.Remove(K, folio);
            if (folio.Has(PageFlag.Mlocked))
            {
                K.Lruvec.Lock.Release(cpu);
                await Putback(cpu, folio);
                await K.Lruvec.Lock.Acquire(cpu, PutbackLock);
                continue;
            }

            await cpu.At(PutbackFlag, folio.FlagsWord);
            folio.Set(PageFlag.Lru);
            await cpu.At(PutbackPut, folio.RefcountWord);
            if (folio.PutTestZero(Holder.Isolation))
            {
                await cpu.At(PutbackClear, folio.FlagsWord);
                folio.Clear(PageFlag.Lru | PageFlag.Active | PageFlag.Unevictable);
                await R.DeferredSplit.Unqueue(cpu, folio);
                dead.Add(folio);
                continue;
            }

            ListFor(folio).AddHead(folio);
        }

        K.Lruvec.Lock.Release(cpu);
        foreach (Folio folio in dead)
        {
            if (folio.IsLarge)
            {
                await R.DeferredSplit.Unqueue(cpu, folio);
            }

            R.Memcg.Uncharge(folio);
            await R.Free.FreeFrozen(cpu, folio);
        }
    }

    /// <summary>folio_lru_list: the LRU list that the folio's flags ask for.</summary>
    public FolioList ListFor(Folio folio) => folio.Has(PageFlag.Swapbacked)
        ? folio.Has(PageFlag.Active) ? K.Lruvec.Active : K.Lruvec.Inactive
        : folio.Has(PageFlag.Active) ? K.Lruvec.ActiveFile : K.Lruvec.InactiveFile;

    /// <summary>lruvec_add_folio: the unevictable list only gets longer.</summary>
    public void Link(Folio folio)
    {
        if (folio.Has(PageFlag.Unevictable))
        {
            K.Lruvec.UnevictablePages += folio.PageCount;
        }
        else
        {
            ListFor(folio).AddHead(folio);
        }
    }

    /// <summary>lruvec_del_folio.</summary>
    public void Unlink(Folio folio)
    {
        if (folio.Has(PageFlag.Unevictable))
        {
            K.Lruvec.UnevictablePages -= folio.PageCount;
        }
        else
        {
            FolioList.Remove(K, folio);
        }
    }

    private async Flow<bool> DrainOwn(Cpu cpu)
    {
        await DrainBatch(cpu, K.Lruvec.Batches[cpu.Index]);
        await R.LruMoves.Drain(cpu);
        await R.Mlock.DrainLocal(cpu);
        return true;
    }
}
