using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>From a folio to the VMAs that may map it: by its file, or by its anon_vma, without any lock that would keep
/// that alive (mm/rmap.c, v6.18).</summary>
/// <remarks>
/// The proof that the anon_vma lives is "folio_mapped, read inside rcu_read_lock". Walkers then go through
/// <see cref="AnonVma.Tree"/> themselves.
/// </remarks>
public class RmapWalk : Routine
{
    protected static readonly Point GetMapping = Points.Define("GetAnonVmaMapping", "folio_get_anon_vma", Access.Read);
    protected static readonly Point GetMapped = Points.Define("GetAnonVmaMapped", "folio_get_anon_vma", Access.Read);
    protected static readonly Point GetRef = Points.Define("GetAnonVmaRef", "folio_get_anon_vma", Access.Rmw);
    protected static readonly Point GetRecheck = Points.Define("GetAnonVmaRecheck", "folio_get_anon_vma", Access.Read);
    protected static readonly Point LockMapping =
        Points.Define("LockAnonVmaMapping", "folio_lock_anon_vma_read", Access.Read);
    protected static readonly Point LockMapped =
        Points.Define("LockAnonVmaMapped", "folio_lock_anon_vma_read", Access.Read);
    protected static readonly Point LockRoot =
        Points.Define("LockAnonVmaRoot", "folio_lock_anon_vma_read", Access.Read);
    protected static readonly Point LockTry =
        Points.Define("LockAnonVmaTry", "folio_lock_anon_vma_read", Access.Acquire);
    protected static readonly Point LockRecheck =
        Points.Define("LockAnonVmaRecheck", "folio_lock_anon_vma_read", Access.Read);
    protected static readonly Point LockRemapped =
        Points.Define("LockAnonVmaRemapped", "folio_lock_anon_vma_read", Access.Read);
    protected static readonly Point LockRef = Points.Define("LockAnonVmaRef", "folio_lock_anon_vma_read", Access.Rmw);
    protected static readonly Point LockSleep =
        Points.Define("LockAnonVmaSleep", "folio_lock_anon_vma_read", Access.Acquire);
    protected static readonly Point RawMapping =
        Points.Define("RestoreReadMapping", "rmap_walk_anon_lock", Access.Read);
    protected static readonly Point RawLock =
        Points.Define("RestoreAnonVmaLock", "rmap_walk_anon_lock", Access.Acquire);
    protected static readonly Point FileTry = Points.Define("RmapFileTry", "__rmap_walk_file", Access.Acquire);
    protected static readonly Point FileLock = Points.Define("RmapFileLock", "__rmap_walk_file", Access.Acquire);
    protected static readonly Point LockUnref =
        Points.Define("LockAnonVmaUnref", "folio_lock_anon_vma_read", Access.Rmw);

    /// <summary>rmap_walk: visits every VMA in which the folio may be mapped.</summary>
    /// <remarks>The caller holds the folio's lock, or at least a reference (folio_referenced).</remarks>
    public virtual Flow Walk(Cpu cpu, Folio folio, RmapWalkControl control) =>
        folio.Ksm ? R.KsmRmap.Walk(cpu, folio, control)
        : folio.File is { } file ? WalkFile(cpu, folio, file, control)
        : WalkAnon(cpu, folio, control);

    /// <summary>rmap_walk_anon.</summary>
    protected virtual async Flow WalkAnon(Cpu cpu, Folio folio, RmapWalkControl control)
    {
        AnonVma? anonVma;
        if (control.Locked)
        {
            // The folio lock keeps the mapping as it was when the root was locked.
            anonVma = folio.Mapping;
            K.BugOn(anonVma is null, "VM_BUG_ON_FOLIO(!anon_vma)", "rmap_walk_anon", folio);
        }
        else if (control.FindsMapped)
        {
            (anonVma, control.Contended) = await LockRead(cpu, folio, control.TryLock);
        }
        else
        {
            anonVma = await LockRaw(cpu, folio);
        }

        if (anonVma is null)
        {
            return;
        }

        folio.TruthTake(anonVma);
        for (int i = anonVma.After(-1); i >= 0; i = anonVma.After(i))
        {
            Vma vma = anonVma.Tree[i].Vma;
            if (vma.Overlaps(folio)
                && (!await control.One(cpu, folio, vma, vma.AddressOf(folio.Index)) || control.Done(folio)))
            {
                break;
            }
        }

        if (!control.Locked)
        {
            Unlock(cpu, anonVma);
        }
    }

    /// <summary>rmap_walk_file: the folio is locked, so that its mapping lasts.</summary>
    protected virtual async Flow WalkFile(Cpu cpu, Folio folio, Inode file, RmapWalkControl control)
    {
        K.BugOn(
            !folio.Has(PageFlag.Locked), "VM_BUG_ON_FOLIO(!folio_test_locked(folio))", "rmap_walk_file", folio);
        control.Contended = false;
        if (control.TryLock)
        {
            await cpu.At(FileTry, file.MmapRwsem);
            if (!file.MmapRwsem.TryTakeRead(cpu))
            {
                control.Contended = true;
                return;
            }
        }
        else
        {
            await file.MmapRwsem.AcquireRead(cpu, FileLock);
        }

        for (int i = 0; i < file.Mmap.Count; i++)
        {
            Vma vma = file.Mmap[i];
            if (vma.Overlaps(folio) && control.Wants(vma)
                && (!await control.One(cpu, folio, vma, vma.AddressOf(folio.Index)) || control.Done(folio)))
            {
                break;
            }
        }

        file.MmapRwsem.ReleaseRead(cpu);
    }

    /// <summary>folio_get_anon_vma: a reference on the anon_vma, or null if the folio is not mapped.</summary>
    public virtual async Flow<AnonVma?> GetAnonVma(Cpu cpu, Folio folio)
    {
        await cpu.At(GetMapping, folio.MappingWord);
        K.Rcu.ReadLock(cpu);
        AnonVma? anonVma = folio.Mapping;
        if (anonVma is not null)
        {
            anonVma = await GetMappedAnonVma(cpu, folio, anonVma);
        }

        K.Rcu.ReadUnlock(cpu);
        if (anonVma is not null)
        {
            folio.TruthTake(anonVma);
        }

        return anonVma;
    }

    protected virtual async Flow<AnonVma?> GetMappedAnonVma(Cpu cpu, Folio folio, AnonVma anonVma)
    {
        await cpu.At(GetMapped, folio.MappedWord);
        if (!folio.Mapped)
        {
            return null;
        }

        await cpu.At(GetRef, anonVma.Word);
        if (DiesOnForeignMemory(anonVma) || anonVma.Refcount == 0)
        {
            return null;
        }

        anonVma.Refcount++;
        if (!await StillMapped(cpu, folio))
        {
            K.Rcu.ReadUnlock(cpu);
            await R.AnonVmas.Put(cpu, anonVma);
            K.Rcu.ReadLock(cpu);
            return null;
        }

        return anonVma;
    }

    /// <summary>The look that proves the anon_vma to be the folio's still, once there is a reference to it.</summary>
    protected virtual async Flow<bool> StillMapped(Cpu cpu, Folio folio)
    {
        await cpu.At(GetRecheck, folio.MappedWord);
        return folio.Mapped;
    }

    /// <summary>folio_lock_anon_vma_read: the anon_vma with its root locked for reading, or null.</summary>
    /// <param name="cpu">The lane.</param>
    /// <param name="folio">The folio; the caller holds a reference on it.</param>
    /// <param name="tryOnly">Whether to give up rather than to sleep (rmap_walk_control.try_lock).</param>
    /// <returns>The anon_vma; and whether the lock was contended.</returns>
    public virtual async Flow<(AnonVma? AnonVma, bool Contended)> LockRead(Cpu cpu, Folio folio, bool tryOnly)
    {
        while (true)
        {
            AnonVma? anonVma = await FindMapped(cpu, folio);
            if (anonVma is null)
            {
                break;
            }

            AnonVma root = anonVma.Root;
            await cpu.At(LockTry, root.Rwsem);
            if (DiesOnForeignMemory(root))
            {
                break;
            }

            if (root.Rwsem.TryTakeRead(cpu))
            {
                await cpu.At(LockRecheck, folio.MappingWord);
                if (folio.Mapping != anonVma)
                {
                    root.Rwsem.ReleaseRead(cpu);
                    K.Rcu.ReadUnlock(cpu);
                    continue;
                }

                if (!await StillItsOwn(cpu, folio, anonVma))
                {
                    root.Rwsem.ReleaseRead(cpu);
                    break;
                }

                K.Rcu.ReadUnlock(cpu);
                CheckLive(anonVma);
                return (anonVma, false);
            }

            if (tryOnly)
            {
                K.Rcu.ReadUnlock(cpu);
                return (null, true);
            }

            return (await LockSlowly(cpu, folio, anonVma, root), false);
        }

        K.Rcu.ReadUnlock(cpu);
        return (null, false);
    }

    /// <summary>The look that proves the anon_vma to be the folio's still, once its root is locked.</summary>
    protected virtual async Flow<bool> StillItsOwn(Cpu cpu, Folio folio, AnonVma anonVma)
    {
        await cpu.At(LockRemapped, folio.MappedWord);
        return folio.Mapped;
    }

    /// <summary>rmap_walk_anon_lock without rwc->anon_lock: nobody maps the folio, so nothing proves that the anon_vma
    /// lives but the reference that the caller took before it was unmapped.</summary>
    protected virtual async Flow<AnonVma?> LockRaw(Cpu cpu, Folio folio)
    {
        await cpu.At(RawMapping, folio.MappingWord);
        if (folio.Mapping is not { } anonVma || K.BugOn(
            anonVma.IsForeign, "BUG: KASAN: slab-use-after-free in down_read", "rmap_walk_anon_lock", anonVma))
        {
            return null;
        }

        await anonVma.Root.Rwsem.AcquireRead(cpu, RawLock);
        return anonVma;
    }

    /// <summary>The part before the lock: begins the RCU section, and finds the anon_vma if the folio is
    /// mapped.</summary>
    protected virtual async Flow<AnonVma?> FindMapped(Cpu cpu, Folio folio)
    {
        await cpu.At(LockMapping, folio.MappingWord);
        K.Rcu.ReadLock(cpu);
        AnonVma? anonVma = folio.Mapping;
        if (anonVma is null)
        {
            return null;
        }

        await cpu.At(LockMapped, folio.MappedWord);
        if (!folio.Mapped)
        {
            return null;
        }

        await cpu.At(LockRoot, anonVma.Word);
        return DiesOnForeignMemory(anonVma) ? null : anonVma;
    }

    /// <summary>Gives the root's lock back.</summary>
    public void Unlock(Cpu cpu, AnonVma anonVma)
    {
        CheckLive(anonVma);
        anonVma.Root.Rwsem.ReleaseRead(cpu);
    }

    /// <summary>Whoever walks an anon_vma has locked it, so that it cannot be freed: KASAN would say so.</summary>
    private void CheckLive(AnonVma anonVma) => K.BugOn(
        anonVma.Freed, "BUG: KASAN: slab-use-after-free in rmap_walk_anon", "rmap_walk_anon", anonVma);

    protected virtual async Flow<AnonVma?> LockSlowly(Cpu cpu, Folio folio, AnonVma anonVma, AnonVma root)
    {
        // In an RCU section still: the reference lets us sleep.
        await cpu.At(LockRef, anonVma.Word);
        if (DiesOnForeignMemory(anonVma) || anonVma.Refcount == 0)
        {
            K.Rcu.ReadUnlock(cpu);
            return null;
        }

        anonVma.Refcount++;
        await cpu.At(LockMapped, folio.MappedWord);
        if (!folio.Mapped)
        {
            K.Rcu.ReadUnlock(cpu);
            await R.AnonVmas.Put(cpu, anonVma);
            return null;
        }

        K.Rcu.ReadUnlock(cpu);
        await root.Rwsem.AcquireRead(cpu, LockSleep);
        await cpu.At(LockRecheck, folio.MappingWord);
        if (folio.Mapping != anonVma)
        {
            root.Rwsem.ReleaseRead(cpu);
            await R.AnonVmas.Put(cpu, anonVma);
            return (await LockRead(cpu, folio, tryOnly: false)).AnonVma;
        }

        await cpu.At(LockUnref, anonVma.Word);
        if (--anonVma.Refcount == 0)
        {
            // We were the last to keep it: let go and free it, nobody maps the folio any more.
            root.Rwsem.ReleaseRead(cpu);
            await R.AnonVmas.FreeLast(cpu, anonVma);
            return null;
        }

        return anonVma;
    }

    private bool DiesOnForeignMemory(AnonVma anonVma) => K.BugOn(
        anonVma.IsForeign, "BUG: kernel NULL pointer dereference, address: 0000000000000008 (down_read_trylock)",
        "folio_lock_anon_vma_read", anonVma);
}
