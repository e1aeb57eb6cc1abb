using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>Mappings of page cache folios, and the list of VMAs that map a file (mm/rmap.c, mm/vma.c, v6.18).</summary>
/// <remarks>
/// Nothing but a number is kept for a mapping: the folio's mapping is the file whoever maps it. Left out: statistics,
/// the sections of unlink_file_vma_batch (each VMA is unlinked by itself).
/// </remarks>
public class FileRmap : Routine
{
    protected static readonly Point AddMapcount =
        Points.Define("FileRmapAddMapcount", "folio_add_file_rmap_ptes", Access.Rmw);
    protected static readonly Point DupMapcount =
        Points.Define("FileRmapDupMapcount", "folio_dup_file_rmap_ptes", Access.Rmw);
    protected static readonly Point LinkLock = Points.Define("FileLinkLock", "vma_link_file", Access.Acquire);
    protected static readonly Point ForkLock = Points.Define("FileForkLinkLock", "dup_mmap", Access.Acquire);
    protected static readonly Point UnlinkLock =
        Points.Define("FileUnlinkLock", "unlink_file_vma_batch_process", Access.Acquire);
    protected static readonly Point SplitLock = Points.Define("FileSplitLock", "vma_prepare", Access.Acquire);

    /// <summary>folio_add_file_rmap_ptes: one more mapping.</summary>
    public virtual async Flow Add(Cpu cpu, Folio folio, Vma vma)
    {
        K.BugOn(folio.Anon, "VM_WARN_ON_FOLIO(folio_test_anon(folio))", "__folio_add_file_rmap", folio);
        await cpu.At(AddMapcount, folio.MapcountWord);
        if (folio.IncMapcount() == 0)
        {
            await R.MemcgStat.Mapped(cpu, folio, 1);
        }

        if (vma.CountsMlock)
        {
            await R.Mlock.MlockFolio(cpu, folio);
        }
    }

    /// <summary>folio_dup_file_rmap_ptes: fork's; the folio is not locked.</summary>
    public virtual async Flow Dup(Cpu cpu, Folio folio)
    {
        K.BugOn(folio.Anon, "VM_WARN_ON_FOLIO(folio_test_anon(folio))", "__folio_dup_file_rmap", folio);
        await cpu.At(DupMapcount, folio.MapcountWord);
        folio.IncMapcount();
    }

    /// <summary>vma_link_file.</summary>
    public virtual async Flow Link(Cpu cpu, Vma vma)
    {
        await vma.File!.MmapRwsem.AcquireWrite(cpu, LinkLock);
        vma.File.Insert(vma);
        vma.File.MmapRwsem.ReleaseWrite(cpu);
    }

    /// <summary>dup_mmap: the child is linked behind its parent before it has any entry.</summary>
    public virtual async Flow LinkChild(Cpu cpu, Vma child, Vma parent)
    {
        await child.File!.MmapRwsem.AcquireWrite(cpu, ForkLock);
        child.File.InsertAfter(parent, child);
        child.File.MmapRwsem.ReleaseWrite(cpu);
    }

    /// <summary>unlink_file_vma_batch: the last that a walk sees of a VMA; its entries are gone by then.</summary>
    public virtual async Flow Unlink(Cpu cpu, Vma vma)
    {
        if (vma.File is { } file)
        {
            await file.MmapRwsem.AcquireWrite(cpu, UnlinkLock);
            file.Mmap.Remove(vma);
            file.MmapRwsem.ReleaseWrite(cpu);
        }
    }

    /// <summary>vma_prepare: the file's lock around a change of bounds.</summary>
    public virtual async Flow Prepare(Cpu cpu, Inode file) => await file.MmapRwsem.AcquireWrite(cpu, SplitLock);

    /// <summary>vma_complete after a merge: one VMA is where walks find both ranges.</summary>
    public virtual void CompleteMerge(Cpu cpu, Vma vma, Vma? other)
    {
        Inode file = vma.File!;
        file.Mmap.Remove(vma);
        if (other is not null)
        {
            file.Mmap.Remove(other);
        }

        file.Insert(vma);
        file.MmapRwsem.ReleaseWrite(cpu);
    }

    /// <summary>vma_complete: both parts are where walks find them.</summary>
    public virtual void Complete(Cpu cpu, Vma vma, Vma part)
    {
        Inode file = vma.File!;
        file.Mmap.Remove(vma);
        file.Insert(vma);
        file.Insert(part);
        file.MmapRwsem.ReleaseWrite(cpu);
    }
}
