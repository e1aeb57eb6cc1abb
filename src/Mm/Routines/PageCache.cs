using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>One entry of a file's xarray as a lookup found it.</summary>
/// <param name="Folio">The folio, with a <see cref="Holder.Lookup"/> reference, or null.</param>
/// <param name="Slot">The swap slot that a page of shmem is in, or -1.</param>
public readonly record struct CacheEntry(Folio? Folio, int Slot)
{
    /// <summary>Whether there was nothing.</summary>
    public bool IsHole => Folio is null && Slot < 0;
}

/// <summary>Looking up, adding and removing page cache folios (mm/filemap.c, v6.18).</summary>
/// <remarks>Left out: shadows, marks, batches of lookups (each index is looked up by itself), large folios, private
/// data of file systems.</remarks>
public class PageCache : Routine
{
    protected static readonly Point Find = Points.Define("CacheFind", "filemap_get_entry", Access.Read);
    protected static readonly Point FindTryGet = Points.Define("CacheTryGet", "filemap_get_entry", Access.Rmw);
    protected static readonly Point FindSpin = Points.Define("CacheFindSpin", "filemap_get_entry", Access.Read);
    protected static readonly Point FindRecheck = Points.Define("CacheFindRecheck", "filemap_get_entry", Access.Read);
    protected static readonly Point TestMapping =
        Points.Define("CacheTestMapping", "__filemap_get_folio", Access.Read);
    protected static readonly Point TestLocked = Points.Define("CacheTestLocked", "find_lock_entries", Access.Read);
    protected static readonly Point AddRef = Points.Define("CacheAddRef", "__filemap_add_folio", Access.Rmw);
    protected static readonly Point AddMapping = Points.Define("CacheAddMapping", "__filemap_add_folio", Access.Write);
    protected static readonly Point AddLock = Points.Define("CacheAddLock", "__filemap_add_folio", Access.Acquire);
    protected static readonly Point AddEntry = Points.Define("CacheAddEntry", "__filemap_add_folio", Access.Write);
    protected static readonly Point RemoveLock =
        Points.Define("CacheRemoveLock", "filemap_remove_folio", Access.Acquire);
    protected static readonly Point TestMapped =
        Points.Define("CacheTestMapped", "filemap_unaccount_folio", Access.Read);
    protected static readonly Point DeleteEntry = Points.Define("CacheDeleteEntry", "page_cache_delete", Access.Write);
    protected static readonly Point DeleteMapping =
        Points.Define("CacheDeleteMapping", "page_cache_delete", Access.Write);

    private readonly EntryChanged[] waits = new EntryChanged[Kernel.CpusMax];

    /// <summary>filemap_get_entry: what the xarray has for a page, without any lock.</summary>
    public virtual async Flow<CacheEntry> Lookup(Cpu cpu, Inode file, int index)
    {
        await cpu.At(Find, file.EntryWord(index));
        while (true)
        {
            Folio? folio = file.FolioAt(index);
            if (folio is null)
            {
                return new CacheEntry(null, file.SlotAt(index));
            }

            await cpu.At(FindTryGet, folio.RefcountWord);
            if (folio.TryGet(Holder.Lookup))
            {
                await cpu.At(FindRecheck, file.EntryWord(index));
                if (file.FolioAt(index) == folio)
                {
                    return new CacheEntry(folio, -1);
                }

                await R.Free.Put(cpu, folio, Holder.Lookup);
                await cpu.At(Find, file.EntryWord(index));
                continue;
            }

            // Frozen: the kernel spins until the entry changes or the freeze ends.
            EntryChanged wait = waits[cpu.Index] ??= new EntryChanged();
            wait.File = file;
            wait.Index = index;
            wait.Folio = folio;
            await cpu.At(FindSpin, file.EntryWord(index), wait);
        }
    }

    /// <summary>__filemap_get_folio with FGP_LOCK: the folio that is there, locked; null when there is none.</summary>
    public virtual async Flow<Folio?> LookupLocked(Cpu cpu, Inode file, int index)
    {
        while (true)
        {
            CacheEntry entry = await Lookup(cpu, file, index);
            if (entry.Folio is not { } folio)
            {
                return null;
            }

            await R.Locking.Lock(cpu, folio);
            if (await IsStill(cpu, folio, file))
            {
                return folio;
            }

            await UnlockAndPut(cpu, folio);
        }
    }

    /// <summary>find_lock_entries for one index: a folio only if its lock is free, and it is not under
    /// writeback.</summary>
    public virtual async Flow<CacheEntry> LookupTrylocked(Cpu cpu, Inode file, int index)
    {
        CacheEntry entry = await Lookup(cpu, file, index);
        if (entry.Folio is not { } folio)
        {
            return entry;
        }

        if (!await R.Locking.TryLock(cpu, folio))
        {
            await R.Free.Put(cpu, folio, Holder.Lookup);
            return new CacheEntry(null, -1);
        }

        await cpu.At(TestLocked, folio.MappingWord);
        if (folio.File != file || folio.Has(PageFlag.Writeback))
        {
            await UnlockAndPut(cpu, folio);
            return new CacheEntry(null, -1);
        }

        return entry;
    }

    /// <summary>Whether a folio that was waited for still is the file's (folio->mapping == mapping).</summary>
    public virtual async Flow<bool> IsStill(Cpu cpu, Folio folio, Inode file)
    {
        await cpu.At(TestMapping, folio.MappingWord);
        return folio.File == file;
    }

    /// <summary>folio_unlock and folio_put of a <see cref="Holder.Lookup"/> reference.</summary>
    public virtual async Flow UnlockAndPut(Cpu cpu, Folio folio)
    {
        await R.Locking.Unlock(cpu, folio);
        await R.Free.Put(cpu, folio, Holder.Lookup);
    }

    /// <summary>__filemap_add_folio, shmem_add_to_page_cache: a locked folio becomes the page's, if the entry still is
    /// what was expected.</summary>
    /// <param name="cpu">The lane.</param>
    /// <param name="file">The file.</param>
    /// <param name="index">The page.</param>
    /// <param name="folio">The folio; nobody else can see it, or it is locked and in the swap cache.</param>
    /// <param name="expectedSlot">The slot that the entry must name; -1 for no entry.</param>
    /// <returns>False: -EEXIST.</returns>
    public virtual async Flow<bool> Add(Cpu cpu, Inode file, int index, Folio folio, int expectedSlot)
    {
        K.BugOn(
            !folio.Has(PageFlag.Locked), "VM_BUG_ON_FOLIO(!folio_test_locked(folio))", "__filemap_add_folio", folio);
        K.BugOn(
            folio.Has(PageFlag.Swapbacked) != file.IsShmem, "VM_BUG_ON_FOLIO(folio_test_swapbacked(folio))",
            "__filemap_add_folio", folio);
        await cpu.At(AddRef, folio.RefcountWord);
        folio.Get(Holder.PageCache);
        await cpu.At(AddMapping, folio.MappingWord);
        folio.SetIndex(index);
        folio.SetFile(file);
        await file.XarrayLock.Acquire(cpu, AddLock);
        if (file.FolioAt(index) is null && file.SlotAt(index) == expectedSlot)
        {
            await cpu.At(AddEntry, file.EntryWord(index));
            file.SetEntry(index, folio);
            file.XarrayLock.Release(cpu);
            return true;
        }

        file.XarrayLock.Release(cpu);
        await cpu.At(AddMapping, folio.MappingWord);
        folio.SetFile(null);
        await R.Free.Put(cpu, folio, Holder.PageCache);
        return false;
    }

    /// <summary>filemap_remove_folio: a locked folio that nobody maps leaves the page cache.</summary>
    /// <param name="cpu">The lane.</param>
    /// <param name="folio">The folio; the caller has a reference.</param>
    /// <param name="discard">Whether its content is dropped on purpose: ground truth.</param>
    public virtual async Flow Remove(Cpu cpu, Folio folio, bool discard)
    {
        Inode file = folio.File!;
        K.BugOn(!folio.Has(PageFlag.Locked), "BUG_ON(!folio_test_locked(folio))", "filemap_remove_folio", folio);
        await file.XarrayLock.Acquire(cpu, RemoveLock);
        await Delete(cpu, file, folio, discard);
        file.XarrayLock.Release(cpu);
        await R.Free.Put(cpu, folio, Holder.PageCache);
    }

    /// <summary>__filemap_remove_folio: the part under the xarray's lock; the page cache's reference stays.</summary>
    public virtual async Flow Delete(Cpu cpu, Inode file, Folio folio, bool discard)
    {
        await cpu.At(TestMapped, folio.MapcountWord);
        K.BugOn(
            folio.Mapped, "BUG: Bad page cache, page dumped because: still mapped when deleted",
            "filemap_unaccount_folio", folio);
        K.BugOn(
            !file.IsShmem && folio.Has(PageFlag.Dirty), "WARN_ON_ONCE(folio_test_dirty(folio) && can_writeback)",
            "filemap_unaccount_folio", folio);
        K.BugOn(!folio.Has(PageFlag.Locked), "VM_BUG_ON_FOLIO(!folio_test_locked(folio))", "page_cache_delete", folio);
        await cpu.At(DeleteEntry, file.EntryWord(folio.Index));
        file.SetEntry(folio.Index, null);
        if (discard && file.IsShmem)
        {
            file.TruthStore(folio.Index, 0);
        }

        await cpu.At(DeleteMapping, folio.MappingWord);
        folio.SetFile(null);
    }

    private sealed class EntryChanged : IWaitable
    {
        public Inode File { get; set; } = null!;

        public int Index { get; set; }

        public Folio Folio { get; set; } = null!;

        public bool IsReady(Cpu cpu) => File.FolioAt(Index) != Folio || Folio.Refcount != 0;

        public void Blockers(Cpu cpu, ICollection<Cpu> into)
        {
        }
    }
}
