using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>Taking file pages out of all page tables, found through the file (mm/memory.c, v6.18).</summary>
/// <remarks>
/// Neither the mmap lock nor a VMA's lock is taken: i_mmap_rwsem keeps the VMAs linked and their page tables there.
/// Left out: ranges in bytes, dax, markers.
/// </remarks>
public class UnmapMapping : Routine
{
    protected static readonly Point RangeLock =
        Points.Define("UnmapMappingRangeLock", "unmap_mapping_pages", Access.Acquire);
    protected static readonly Point FolioLock =
        Points.Define("UnmapMappingFolioLock", "unmap_mapping_folio", Access.Acquire);

    /// <summary>unmap_mapping_pages over [start, end), without any folio's lock.</summary>
    /// <param name="cpu">The lane.</param>
    /// <param name="file">The file.</param>
    /// <param name="start">First page.</param>
    /// <param name="end">One past the last page.</param>
    /// <param name="evenCows">Whether private copies go, too.</param>
    public virtual async Flow Range(Cpu cpu, Inode file, int start, int end, bool evenCows)
    {
        await file.MmapRwsem.AcquireRead(cpu, RangeLock);
        await ZapVmas(cpu, file, start, end, evenCows ? ZapDetails.Truncation : ZapDetails.FilePages);
        file.MmapRwsem.ReleaseRead(cpu);
    }

    /// <summary>unmap_mapping_folio: the redo under the folio's lock, which leaves private copies alone.</summary>
    public virtual async Flow One(Cpu cpu, Folio folio)
    {
        K.BugOn(!folio.Has(PageFlag.Locked), "VM_BUG_ON(!folio_test_locked(folio))", "unmap_mapping_folio", folio);
        Inode file = folio.File!;
        await file.MmapRwsem.AcquireRead(cpu, FolioLock);
        await ZapVmas(cpu, file, folio.Index, folio.Index + 1, ZapDetails.FilePages);
        file.MmapRwsem.ReleaseRead(cpu);
    }

    /// <summary>unmap_mapping_range_tree: VMA by VMA; a parent's before its child's.</summary>
    protected virtual async Flow ZapVmas(Cpu cpu, Inode file, int start, int end, ZapDetails details)
    {
        for (int i = 0; i < file.Mmap.Count; i++)
        {
            Vma vma = file.Mmap[i];
            int from = Math.Max(vma.AddressOf(start), vma.Start);
            int to = Math.Min(vma.AddressOf(end), vma.End);
            if (from < to)
            {
                Gather gather = await R.Zap.Begin(cpu, vma.Mm, details);
                await R.Zap.ZapRange(cpu, gather, vma, from, to);
                await R.Zap.Finish(cpu, gather);
            }
        }
    }
}
