using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>struct vm_fault: one fault in progress. One for each lane, reused.</summary>
public sealed class FaultContext
{
    /// <summary>The process.</summary>
    public MmStruct Mm { get; set; } = null!;

    /// <summary>The VMA, locked by <see cref="MmapLocked"/> or by its own lock.</summary>
    public Vma Vma { get; set; } = null!;

    /// <summary>The page.</summary>
    public int Page { get; set; }

    /// <summary>FAULT_FLAG_WRITE.</summary>
    public bool Write { get; set; }

    /// <summary>FAULT_FLAG_UNSHARE.</summary>
    public bool Unshare { get; set; }

    /// <summary>FAULT_FLAG_TRIED: the locks were dropped once already, do not ask again.</summary>
    public bool Tried { get; set; }

    /// <summary>Whether the mmap lock is held rather than the VMA's.</summary>
    public bool MmapLocked { get; set; }

    /// <summary>vmf->pgoff: the page in the mapping.</summary>
    public int Index => Vma.LinearIndex(Page);

    /// <summary>vmf->page: what the file has given, locked and with a reference; or null.</summary>
    public Folio? Folio { get; set; }

    /// <summary>vmf->orig_pte.</summary>
    public Pte Original { get; set; }

    /// <summary>vmf->orig_pmd.</summary>
    public Pmd OriginalPmd { get; set; }

    /// <summary>maybe_unlock_mmap_for_io: drops the fault's lock, unless it was dropped once already. The fault must be
    /// retried then.</summary>
    public bool TryDropLock(Cpu cpu)
    {
        if (!Tried)
        {
            Fault.Unlock(cpu, this);
        }

        return !Tried;
    }
}

/// <summary>vm_fault_t, as far as it is needed.</summary>
public enum FaultResult
{
    /// <summary>Handled (perhaps by somebody else): access again.</summary>
    Done,

    /// <summary>VM_FAULT_RETRY: the locks were dropped, fault again.</summary>
    Retry,

    /// <summary>VM_FAULT_OOM, VM_FAULT_SIGSEGV or VM_FAULT_SIGBUS.</summary>
    Failed,

    /// <summary>VM_FAULT_FALLBACK: not for a whole PMD entry; go on with the page's own entry.</summary>
    Fallback,
}
