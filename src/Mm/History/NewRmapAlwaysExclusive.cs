using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>folio_add_new_anon_rmap() as it was before it took flags: whatever it maps is exclusive.</summary>
[Variant(
    "new-rmap-always-exclusive",
    Subject = "folio_add_new_anon_rmap() without flags, used for shared swap entries",
    Origin = "RFC of January 2024, \"mm: support large folios swapin as a whole\" (4/6)",
    Fix = "15bde4abab73 \"mm: extend rmap flags arguments for folio_add_new_anon_rmap\"",
    Symptom = "BUG_ON(anon && PageAnonExclusive) in do_swap_page; without it a process reads what another wrote")]
public sealed class NewRmapAlwaysExclusive : AnonRmapNew
{
    /// <inheritdoc />
    public override Flow Add(Cpu cpu, Folio folio, Vma vma, int page, bool exclusive) =>
        base.Add(cpu, folio, vma, page, exclusive: true);
}
