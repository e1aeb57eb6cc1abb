using Mm.State;

namespace Mm.Routines;

/// <summary>One migration in progress. One for each lane, reused.</summary>
public sealed class Migration(Kernel kernel, string name)
{
    /// <summary>The list that the isolated folio is on.</summary>
    public FolioList From { get; } = new(kernel, name, isLru: false);

    /// <summary>The folio to be moved.</summary>
    public Folio Source { get; set; } = null!;

    /// <summary>The folio to take its place.</summary>
    public Folio Target { get; set; } = null!;

    /// <summary>The anon_vma that is kept alive while nobody maps the folio, or null.</summary>
    public AnonVma? AnonVma { get; set; }

    /// <summary>MIGRATE_SYNC: may sleep, and flushes each translation at once.</summary>
    public bool Sync { get; set; }

    /// <summary>MR_MEMORY_FAILURE: the old folio's isolation reference is left to the caller.</summary>
    public bool KeepsSource { get; set; }

    /// <summary>PAGE_WAS_MLOCKED: the new folio goes to the LRU before it is mapped, so that its mlocks are
    /// counted.</summary>
    public bool WasMlocked { get; set; }

    /// <summary>PAGE_WAS_MAPPED: there are migration entries to take out again.</summary>
    public bool WasMapped { get; set; }
}

/// <summary>The return codes of migrate_folio_unmap.</summary>
public enum MigrateResult
{
    /// <summary>0.</summary>
    Done,

    /// <summary>-EAGAIN.</summary>
    Again,

    /// <summary>-EBUSY: under writeback.</summary>
    Busy,

    /// <summary>-ENOMEM.</summary>
    NoMemory,

    /// <summary>Split instead: the pages are on the list.</summary>
    Split,
}
