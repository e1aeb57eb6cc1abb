using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>mmap (mm/vma.c: mmap_region, v6.18).</summary>
/// <remarks>Left out: protections, populating.</remarks>
public class MmapRegion : Routine
{
    protected static readonly Point MapWrite = Points.Define("MmapWriteLock", "mmap_region", Access.Acquire);
    protected static readonly Point MapInsert = Points.Define("MmapInsert", "mmap_region", Access.Write);

    /// <summary>mmap of private anonymous memory over the pages of [start, end) that nothing covers.</summary>
    public virtual async Flow<bool> Map(Cpu cpu, MmStruct mm, int start, int end)
    {
        await mm.MmapLock.AcquireWrite(cpu, MapWrite);
        await cpu.At(MapInsert, mm.Word);
        bool any = false;
        for (int page = start; page < end; page++)
        {
            if (mm.FindVma(page) is not null)
            {
                continue;
            }

            int from = page;
            while (page < end && mm.FindVma(page) is null)
            {
                page++;
            }

            await Insert(cpu, mm, from, page);
            any = true;
        }

        mm.MmapLock.ReleaseWrite(cpu);
        return any;
    }

    /// <summary>mmap of a file with MAP_FIXED, from one of its pages to its last: what was there goes first.</summary>
    public virtual async Flow<bool> MapFile(Cpu cpu, MmStruct mm, int start, Inode file, int index, bool shared)
    {
        int end = Math.Min(start + K.Files.Pages - index, K.PageCount);
        await mm.MmapLock.AcquireWrite(cpu, MapWrite);
        List<Vma> gone = await R.AddressSpace.Detach(cpu, mm, start, end);
        if (gone.Count > 0)
        {
            await R.AddressSpace.ClearPtes(cpu, mm, gone);
        }

        Vma vma = K.AllocateVma();
        vma.Mm = mm;
        vma.Start = start;
        vma.End = end;
        vma.Offset = index;
        vma.File = file;
        vma.Shared = shared;
        if (!await Merge(cpu, vma))
        {
            await R.FileRmap.Link(cpu, vma);
            await cpu.At(MapInsert, mm.Word);
            mm.Vmas.Add(vma);
        }

        mm.MmapLock.ReleaseWrite(cpu);
        return true;
    }

    private async Flow Insert(Cpu cpu, MmStruct mm, int start, int end)
    {
        Vma vma = K.AllocateVma();
        vma.Mm = mm;
        vma.Start = start;
        vma.Offset = start;
        vma.End = end;
        if (!await Merge(cpu, vma))
        {
            mm.Vmas.Add(vma);
        }
    }

    /// <summary>Whether a neighbour covers the range from now on, and the VMA is not needed.</summary>
    private async Flow<bool> Merge(Cpu cpu, Vma vma)
    {
        if (await R.VmaModify.MergeNew(cpu, vma) is not { } grown)
        {
            return false;
        }

        grown.Lock.ReleaseWrite(cpu);
        K.FreeVma(vma);
        return true;
    }
}
