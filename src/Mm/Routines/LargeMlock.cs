using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>What folio_referenced_one and try_to_unmap_one do with a large folio in a VMA that is locked: nothing, but
/// to mlock it if it was missed (mm/rmap.c, v6.18).</summary>
/// <remarks>
/// Only if one page table lock covers all of its mappings, and all of it is mapped there. The kernel looks at the flag
/// as it goes from entry to entry; here the walk begins anew.
/// </remarks>
public class LargeMlock : Routine
{
    protected static readonly Point PeekPmd = Points.Define("RemlockPeekPmd", "page_vma_mapped_walk", Access.Read);
    protected static readonly Point PmdLock = Points.Define("RemlockPmdLock", "page_vma_mapped_walk", Access.Acquire);
    protected static readonly Point PteLock = Points.Define("RemlockPtl", "page_vma_mapped_walk", Access.Acquire);

    /// <summary>Looks for the mappings of the folio in the VMA, and mlocks it if it may.</summary>
    public virtual async Flow<Remlocked> Restore(Cpu cpu, Folio folio, Vma vma)
    {
        Remlocked result = Remlocked.None;
        int page = Math.Max(vma.AddressOf(folio.Index), vma.Start);
        int end = Math.Min(vma.AddressOf(folio.Index) + folio.PageCount, vma.End);
        while (page < end && result != Remlocked.All)
        {
            PageTable table = vma.Mm.Table(page);
            int next = Math.Min(end, table.End);
            await cpu.At(PeekPmd, table.PmdWord);
            if (table.Pmd.IsLeaf)
            {
                await vma.Mm.PmdLock.Acquire(cpu, PmdLock);
                if (table.Pmd.Kind == PmdKind.Huge && table.Pmd.Target == folio.Pfn)
                {
                    result = await Found(cpu, folio, vma);
                }

                vma.Mm.PmdLock.Release(cpu);
            }
            else if (table.IsTable)
            {
                Remlocked here = await RestorePtes(cpu, folio, vma, page, next);
                result = here == Remlocked.None ? result : here;
            }

            page = next;
        }

        return result;
    }

    /// <summary>The entries of one page table.</summary>
    protected virtual async Flow<Remlocked> RestorePtes(Cpu cpu, Folio folio, Vma vma, int start, int end)
    {
        MmStruct mm = vma.Mm;
        await mm.Ptl(start).Acquire(cpu, PteLock);
        int mapped = 0;
        for (int page = start; page < end; page++)
        {
            mapped += mm[page].IsPresent && K.FolioOf(mm[page]) == folio ? 1 : 0;
        }

        Remlocked result = mapped == 0 ? Remlocked.None
            : mapped == folio.PageCount ? await Found(cpu, folio, vma) : Remlocked.Part;
        mm.Ptl(start).Release(cpu);
        return result;
    }

    private async Flow<Remlocked> Found(Cpu cpu, Folio folio, Vma vma)
    {
        if (vma.CountsMlock)
        {
            await R.Mlock.MlockFolio(cpu, folio);
        }

        return Remlocked.All;
    }
}

/// <summary>How much of a large folio a VMA that is locked maps.</summary>
public enum Remlocked
{
    /// <summary>No page.</summary>
    None,

    /// <summary>Some pages: it is not mlocked, but may not be reclaimed either.</summary>
    Part,

    /// <summary>All pages.</summary>
    All,
}
