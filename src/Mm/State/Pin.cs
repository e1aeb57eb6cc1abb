namespace Mm.State;

/// <summary>One page that a device has pinned (FOLL_PIN), or a pipe has a reference to (FOLL_GET), through one process'
/// address.</summary>
public sealed class Pin(Word word)
{
    /// <summary>The pin, as an object of points.</summary>
    public Word Word => word;

    /// <summary>The pinned page, or null when the entry is unused.</summary>
    public Page? Frame { get; set; }

    /// <summary>The folio that the pinned page is part of.</summary>
    public Folio? Folio => Frame?.Head;

    /// <summary>The process through which it was pinned.</summary>
    public MmStruct Mm { get; set; } = null!;

    /// <summary>The page through which it was pinned.</summary>
    public int Page { get; set; }

    /// <summary>Whether the device may write (FOLL_WRITE).</summary>
    public bool Write { get; set; }

    /// <summary>Ground truth: whether the address still is what was pinned (no zap in between).</summary>
    public bool TruthAttached { get; set; }

    /// <summary>Ground truth: <see cref="MmStruct.TruthId"/> of the process, whose number may be given again.</summary>
    public int TruthWriter { get; set; }

    /// <summary>Ground truth: what the page had seen when it was taken.</summary>
    public Sight TruthSight { get; set; }
}
