using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>A driver that gives its pins back with unpin_user_page(), whatever its device has written.</summary>
[Variant(
    Name,
    Subject = "a device driver does not mark as dirty what it gives back",
    Origin = "io_uring: io_release_ubuf(), v6.18; so did others before unpin_user_pages_dirty_lock()",
    Fix = "nothing is wrong as long as the entry through which the page was pinned stays dirty",
    IsHarmless = true,
    Symptom = "none here; what is written to a page whose entry is cleaned meanwhile can be lost")]
public sealed class UnpinLeavesClean : Gup
{
    /// <summary>The variant's name.</summary>
    public const string Name = "unpin-leaves-clean";

    /// <inheritdoc />
    protected override Flow Unpin(Cpu cpu, Page frame, bool dirty) => base.Unpin(cpu, frame, dirty: false);
}
