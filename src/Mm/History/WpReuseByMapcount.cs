using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>do_wp_page() that reuses a page which nobody else maps, whoever has a reference to it.</summary>
[Variant(
    "wp-reuse-by-mapcount",
    Subject = "the reuse rule counts mappings, not references",
    Origin = "every kernel before 09854ba94c6a (v5.9) \"mm: do_wp_page() simplification\"",
    Fix = "09854ba94c6a (v5.9): page_count() == 1; folio_ref_count() since",
    Symptom = "a child keeps reading its parent through vmsplice (CVE-2020-29374)")]
public sealed class WpReuseByMapcount : WriteProtectFault
{
    /// <inheritdoc />
    protected override Flow<bool> CanReuse(Cpu cpu, FaultContext fault, Folio folio) =>
        folio.Ksm || folio.Has(PageFlag.Swapcache) ? base.CanReuse(cpu, fault, folio) : Flow.Of(folio.Mapcount == 1);
}
