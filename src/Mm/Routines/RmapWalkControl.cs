using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>struct rmap_walk_control (include/linux/rmap.h, v6.18): what to do at each VMA that may map it.</summary>
public abstract class RmapWalkControl
{
    /// <summary>rwc->anon_lock: whether the anon_vma is found by folio_lock_anon_vma_read, which gives up on a folio
    /// that nobody maps. Otherwise the caller keeps the anon_vma alive.</summary>
    public virtual bool FindsMapped => true;

    /// <summary>rmap_walk_locked: the caller has locked the anon_vma's root already.</summary>
    public virtual bool Locked => false;

    /// <summary>rwc->try_lock: give up rather than sleep.</summary>
    public virtual bool TryLock => false;

    /// <summary>rwc->contended: the walk gave up because the lock was taken.</summary>
    public bool Contended { get; set; }

    /// <summary>rwc->invalid_vma, the other way round: whether the VMA is of interest.</summary>
    public virtual bool Wants(Vma vma) => true;

    /// <summary>rwc->rmap_one: handles the folio in one VMA, at the address of its first page. False ends the
    /// walk.</summary>
    public abstract Flow<bool> One(Cpu cpu, Folio folio, Vma vma, int page);

    /// <summary>rwc->done: whether there is nothing left to do.</summary>
    public virtual bool Done(Folio folio) => false;
}
