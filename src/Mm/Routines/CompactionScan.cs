using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>Where compaction finds a folio: by its frame, without any lock (mm/compaction.c:
/// isolate_migratepages_block, v6.18).</summary>
/// <remarks>The part of <see cref="Migrate"/> that looks. Left out: blocks, skip hints, the cached positions.</remarks>
public abstract class CompactionScan : MigrationLarge
{
    protected static readonly Point CompactScan =
        Points.Define("CompactScan", "isolate_migratepages_block", Access.Read);
    protected static readonly Point CompactLook =
        Points.Define("CompactTestLru", "isolate_migratepages_block", Access.Read);
    protected static readonly Point CompactTryGet =
        Points.Define("CompactTryGet", "isolate_migratepages_block", Access.Rmw);
    protected static readonly Point CompactCountRefs =
        Points.Define("CompactCountRefs", "isolate_migratepages_block", Access.Read);
    protected static readonly Point CompactTestFlags =
        Points.Define("CompactTestFlags", "isolate_migratepages_block", Access.Read);
    protected static readonly Point CompactTestClear =
        Points.Define("CompactTestClear", "isolate_migratepages_block", Access.Rmw);
    protected static readonly Point CompactLruLock =
        Points.Define("CompactLruLock", "isolate_migratepages_block", Access.Acquire);

    /// <summary>
    /// isolate_migratepages_block: looks at the frame without any lock, then takes a reference, then PG_lru.
    /// </summary>
    protected virtual async Flow<bool> IsolateByFrame(Cpu cpu, FolioList list, int nth)
    {
        await cpu.At(CompactScan, K.Allocator);
        if (FindByFrame(nth) is not { } folio)
        {
            return false;
        }

        await cpu.At(CompactLook, folio.FlagsWord);
        if (!folio.Has(PageFlag.Lru))
        {
            return false;
        }

        await cpu.At(CompactTryGet, folio.RefcountWord);
        if (!folio.TryGet(Holder.Isolation))
        {
            return false;
        }

        if (!await WorthIsolating(cpu, folio))
        {
            await R.Free.Put(cpu, folio, Holder.Isolation);
            return false;
        }

        await cpu.At(CompactTestClear, folio.FlagsWord);
        if (!folio.TestAndClear(PageFlag.Lru))
        {
            await R.Free.Put(cpu, folio, Holder.Isolation);
            return false;
        }

        await K.Lruvec.Lock.Acquire(cpu, CompactLruLock);
        R.Lru.Unlink(folio);
        list.AddHead(folio);
        K.Lruvec.Lock.Release(cpu);
        return true;
    }

    /// <summary>
    /// The racy looks of compaction in asynchronous mode: is it pinned, under writeback, dirty and locked?
    /// </summary>
    protected virtual async Flow<bool> WorthIsolating(Cpu cpu, Folio folio)
    {
        await cpu.At(CompactCountRefs, folio.RefcountWord);
        if (!folio.Has(PageFlag.Swapcache) && folio.File is null && folio.Refcount - 1 > folio.Mapcount)
        {
            return false;
        }

        await cpu.At(CompactTestFlags, folio.FlagsWord);
        if (!folio.Has(PageFlag.Lru) || folio.Has(PageFlag.Writeback))
        {
            return false;
        }

        bool mapping = folio.File is not null || folio.Has(PageFlag.Swapcache);
        if (folio.Has(PageFlag.Dirty) || (mapping && folio.Has(PageFlag.Unevictable)))
        {
            // It locks the folio to look at its mapping, which can be migrated here always.
            if (!await R.Locking.TryLock(cpu, folio))
            {
                return false;
            }

            await R.Locking.Unlock(cpu, folio);
        }

        return true;
    }

    /// <summary>
    /// Where the migration scanner would come to: frames that look like pages on the LRU, in their order.
    /// </summary>
    private Folio? FindByFrame(int nth)
    {
        int candidates = 0;
        foreach (Folio folio in K.UsedFolios)
        {
            candidates += IsCandidate(folio) ? 1 : 0;
        }

        int left = candidates == 0 ? 0 : (nth - 1) % candidates;
        foreach (Folio folio in K.UsedFolios)
        {
            if (IsCandidate(folio) && left-- == 0)
            {
                return folio;
            }
        }

        return null;
    }

    /// <summary>Compaction for a small allocation leaves large folios alone.</summary>
    private static bool IsCandidate(Folio folio) => !folio.Free && folio.Has(PageFlag.Lru) && !folio.IsLarge;
}
