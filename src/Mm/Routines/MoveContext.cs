using Mm.State;

namespace Mm.Routines;

/// <summary>One UFFDIO_MOVE in progress. One for each lane, reused.</summary>
public sealed class MoveContext
{
    /// <summary>The VMA that the pages come from.</summary>
    public Vma Source { get; set; } = null!;

    /// <summary>The VMA that they go to.</summary>
    public Vma Target { get; set; } = null!;

    /// <summary>Number of pages.</summary>
    public int Count { get; set; }

    /// <summary>src_folio: locked and referenced, or null.</summary>
    public Folio? Folio { get; set; }

    /// <summary>src_folio_pte: the entry that it was found by.</summary>
    public Pte FolioPte { get; set; }

    /// <summary>src_anon_vma: referenced and locked for writing, or null.</summary>
    public AnonVma? AnonVma { get; set; }

    /// <summary>si: whether the swap device is held.</summary>
    public bool HasDevice { get; set; }

    /// <summary>orig_src_pte.</summary>
    public Pte Original { get; set; }

    /// <summary>Forgets what an execution that was stopped midway has left.</summary>
    public void Reset()
    {
        Folio = null;
        AnonVma = null;
        HasDevice = false;
    }
}

/// <summary>The errors of move_pages_ptes.</summary>
public enum MoveError
{
    /// <summary>0.</summary>
    None,

    /// <summary>-EAGAIN.</summary>
    Again,

    /// <summary>-EEXIST: the target page is there.</summary>
    Exists,

    /// <summary>-ENOENT: the source page is not.</summary>
    NoEntry,

    /// <summary>-EBUSY: shared, pinned or large.</summary>
    Busy,

    /// <summary>-EINVAL.</summary>
    Invalid,

    /// <summary>-EFAULT: the entry is of a broken page.</summary>
    Fault,
}
