using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>Fast GUP that looks again at the page's entry only, and that nobody who unlinks a page table waits
/// for.</summary>
/// <remarks>
/// On x86 the TLB flush of the collapse was an IPI, which did wait; elsewhere the flush is an instruction. Either half
/// of the fix is enough for anonymous memory: the look at the PMD entry, or the IPI of 2ba99c5e0881, which is there for
/// page tables that are freed.
/// </remarks>
[Variant(
    "fast-gup-ignores-collapse",
    Subject = "gup_pte_range() does not look at the PMD entry again, nor does the collapse wait for it",
    Origin = "2667f50e8b81 \"mm: introduce a general RCU get_user_pages_fast()\" (v3.18)",
    Fix = "70cbc3cc78a9 \"mm: gup: fix the fast GUP race against THP collapse\"",
    Symptom = "a device writes to the page that the collapse has copied: silent data corruption, no message")]
public sealed class FastGupIgnoresCollapse : Gup
{
    /// <inheritdoc />
    protected override void BeginWalk(Cpu cpu)
    {
        // Interrupts are off, but nobody sends one.
    }

    /// <inheritdoc />
    protected override bool IsLinked(PageTable table) => true;
}
