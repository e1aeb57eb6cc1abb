using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>The per-cpu batches that move a folio from one LRU list to another: rotation, deactivation and lazyfree
/// (mm/swap.c, v6.18).</summary>
/// <remarks>Left out: lru_deactivate_file and lru_activate; pageout() sets no PG_reclaim, so that what goes to swap is
/// not rotated.</remarks>
public class LruMoves : Routine
{
    protected static readonly Point Gates = Points.Define("LazyfreeTestGates", "folio_mark_lazyfree", Access.Read);
    protected static readonly Point DeactivateGates =
        Points.Define("DeactivateTestGates", "folio_deactivate", Access.Read);
    protected static readonly Point BatchGet = Points.Define("LruMoveGet", "folio_batch_add_and_move", Access.Rmw);
    protected static readonly Point MoveTest = Points.Define("LruMoveTestClear", "folio_batch_move_lru", Access.Rmw);
    protected static readonly Point MoveLock = Points.Define("LruMoveLock", "folio_batch_move_lru", Access.Acquire);
    protected static readonly Point MoveFlag = Points.Define("LruMoveSetFlag", "folio_batch_move_lru", Access.Rmw);
    protected static readonly Point LazyfreeTest = Points.Define("LazyfreeTestAgain", "lru_lazyfree", Access.Read);
    protected static readonly Point LazyfreeClear = Points.Define("LazyfreeClearActive", "lru_lazyfree", Access.Rmw);
    protected static readonly Point LazyfreeBacked =
        Points.Define("LazyfreeClearSwapbacked", "lru_lazyfree", Access.Rmw);
    protected static readonly Point DeactivateClear =
        Points.Define("DeactivateClearActive", "lru_deactivate", Access.Rmw);

    protected static readonly Point RotateGates =
        Points.Define("RotateTestGates", "folio_rotate_reclaimable", Access.Read);
    protected static readonly Point RotateClear = Points.Define("RotateClearActive", "lru_move_tail", Access.Rmw);

    private const PageFlag LazyfreeNot = PageFlag.Swapcache | PageFlag.Unevictable;

    private const PageFlag RotateNot = PageFlag.Locked | PageFlag.Dirty | PageFlag.Unevictable;

    private readonly List<Folio>[] moving = ListForEachCpu();

    /// <summary>Where a batch takes its folios.</summary>
    public enum Way
    {
        /// <summary>lru_move_tail.</summary>
        ToTail,

        /// <summary>lru_deactivate.</summary>
        ToInactive,

        /// <summary>lru_lazyfree.</summary>
        ToLazyfree,
    }

    /// <summary>Whether this cpu has folios to move.</summary>
    public bool HasAny(Cpu cpu) =>
        (K.Lruvec.RotateBatches[cpu.Index].Folios.Count | K.Lruvec.DeactivateBatches[cpu.Index].Folios.Count
            | K.Lruvec.LazyfreeBatches[cpu.Index].Folios.Count) != 0;

    /// <summary>lru_add_drain_cpu after lru_add: this cpu's moves are made.</summary>
    public virtual async Flow Drain(Cpu cpu)
    {
        await MoveBatch(cpu, K.Lruvec.RotateBatches[cpu.Index], Way.ToTail);
        await MoveBatch(cpu, K.Lruvec.DeactivateBatches[cpu.Index], Way.ToInactive);
        await MoveBatch(cpu, K.Lruvec.LazyfreeBatches[cpu.Index], Way.ToLazyfree);
    }

    /// <summary>lru_add_drain_all after lru_add: the moves of every cpu.</summary>
    public virtual async Flow DrainEvery(Cpu cpu)
    {
        foreach (LruBatch batch in K.Lruvec.RotateBatches)
        {
            await MoveBatch(cpu, batch, Way.ToTail);
        }

        foreach (LruBatch batch in K.Lruvec.DeactivateBatches)
        {
            await MoveBatch(cpu, batch, Way.ToInactive);
        }

        foreach (LruBatch batch in K.Lruvec.LazyfreeBatches)
        {
            await MoveBatch(cpu, batch, Way.ToLazyfree);
        }
    }

    /// <summary>folio_mark_lazyfree: an anonymous folio that looks clean will lose PG_swapbacked when the batch is
    /// drained.</summary>
    public virtual async Flow MarkLazyfree(Cpu cpu, Folio folio)
    {
        await cpu.At(Gates, folio.FlagsWord);
        if (MayBeLazyfree(folio) && folio.Has(PageFlag.Lru))
        {
            await AddTo(cpu, folio, K.Lruvec.LazyfreeBatches[cpu.Index], Way.ToLazyfree);
        }
    }

    /// <summary>folio_deactivate: an active folio will go to the inactive list when the batch is drained.</summary>
    public virtual async Flow Deactivate(Cpu cpu, Folio folio)
    {
        await cpu.At(DeactivateGates, folio.FlagsWord);
        if (folio.Has(PageFlag.Lru | PageFlag.Active) && !folio.Has(PageFlag.Unevictable))
        {
            await AddTo(cpu, folio, K.Lruvec.DeactivateBatches[cpu.Index], Way.ToInactive);
        }
    }

    /// <summary>folio_rotate_reclaimable, at the end of a write: what reclaim has met dirty will be the next that it
    /// takes.</summary>
    public virtual async Flow Rotate(Cpu cpu, Folio folio)
    {
        await cpu.At(RotateGates, folio.FlagsWord);
        if (folio.Has(PageFlag.Lru) && (folio.Flags & RotateNot) == PageFlag.None)
        {
            await AddTo(cpu, folio, K.Lruvec.RotateBatches[cpu.Index], Way.ToTail);
        }
    }

    /// <summary>folio_batch_move_lru: whoever clears PG_lru moves the folio; the references go at the end.</summary>
    public virtual async Flow MoveBatch(Cpu cpu, LruBatch batch, Way way)
    {
        if (batch.Folios.Count == 0)
        {
            return;
        }

        // Another cpu may drain this batch too (lru_add_drain_all): whoever comes first has them all.
        List<Folio> folios = moving[cpu.Index];
        folios.Clear();
        folios.AddRange(batch.Folios);
        batch.Folios.Clear();
        bool locked = false;
        foreach (Folio folio in folios)
        {
            await cpu.At(MoveTest, folio.FlagsWord);
            if (!folio.TestAndClear(PageFlag.Lru))
            {
                continue;
            }

            if (!locked)
            {
                await K.Lruvec.Lock.Acquire(cpu, MoveLock);
                locked = true;
            }

            await (way switch
            {
                Way.ToTail => ToTail(cpu, folio),
                Way.ToInactive => ToInactive(cpu, folio),
                _ => ToLazyfree(cpu, folio),
            });
            await cpu.At(MoveFlag, folio.FlagsWord);
            folio.Set(PageFlag.Lru);
        }

        if (locked)
        {
            K.Lruvec.Lock.Release(cpu);
        }

        foreach (Folio folio in folios)
        {
            await R.Free.Put(cpu, folio, Holder.LruBatch);
        }
    }

    /// <summary>lru_lazyfree: to the inactive file list, without PG_swapbacked, unless it changed meanwhile.</summary>
    protected virtual async Flow ToLazyfree(Cpu cpu, Folio folio)
    {
        await cpu.At(LazyfreeTest, folio.FlagsWord);
        if (!MayBeLazyfree(folio))
        {
            return;
        }

        FolioList.Remove(K, folio);
        await cpu.At(LazyfreeClear, folio.FlagsWord);
        folio.Clear(PageFlag.Active | PageFlag.Referenced);
        await cpu.At(LazyfreeBacked, folio.FlagsWord);
        folio.Clear(PageFlag.Swapbacked);
        R.Lru.ListFor(folio).AddHead(folio);
    }

    /// <summary>lru_move_tail.</summary>
    protected virtual async Flow ToTail(Cpu cpu, Folio folio)
    {
        if (folio.Has(PageFlag.Unevictable))
        {
            return;
        }

        FolioList.Remove(K, folio);
        await cpu.At(RotateClear, folio.FlagsWord);
        folio.Clear(PageFlag.Active);
        R.Lru.ListFor(folio).AddTail(folio);
    }

    /// <summary>lru_deactivate.</summary>
    protected virtual async Flow ToInactive(Cpu cpu, Folio folio)
    {
        if (!folio.Has(PageFlag.Active) || folio.Has(PageFlag.Unevictable))
        {
            return;
        }

        FolioList.Remove(K, folio);
        await cpu.At(DeactivateClear, folio.FlagsWord);
        folio.Clear(PageFlag.Active | PageFlag.Referenced);
        R.Lru.ListFor(folio).AddHead(folio);
    }

    /// <summary>The test that is made when the folio enters the batch, and again when it leaves it.</summary>
    protected virtual bool MayBeLazyfree(Folio folio) =>
        folio.Anon && folio.Has(PageFlag.Swapbacked) && (folio.Flags & LazyfreeNot) == PageFlag.None;

    private async Flow AddTo(Cpu cpu, Folio folio, LruBatch batch, Way way)
    {
        await cpu.At(BatchGet, folio.RefcountWord);
        folio.Get(Holder.LruBatch);
        batch.Folios.Add(folio);
        if (batch.Folios.Count == LruBatch.Size)
        {
            await MoveBatch(cpu, batch, way);
        }
    }
}
