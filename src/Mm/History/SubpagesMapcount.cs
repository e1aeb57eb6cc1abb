using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>A zap that gives back the mapcount of each page of a large folio, and forgets the counter of them
/// all.</summary>
/// <remarks>
/// The counter was subpages_mapcount, the number of mappings of all pages by PTEs; the one that counts them now is
/// _large_mapcount.
/// </remarks>
[Variant(
    "subpages-mapcount",
    Subject = "page_zap_pte_rmap() lowers _mapcount only, not the counter of all mappings of a compound page",
    Origin = "db12063aab49 on top of cb67f4282bf9, which had brought that counter two days before: next-20221107 only",
    Fix = "5df397dec7c4 (v6.2): page_remove_rmap() as it is, only later",
    Symptom = "Bad page state: nonzero subpages_mapcount, when the compound page is freed")]
public sealed class SubpagesMapcount : AnonRmap
{
    /// <inheritdoc />
    public override async Flow ZapPtes(Cpu cpu, Page first, int count, Vma vma)
    {
        if (first.Head.IsLarge)
        {
            await R.LargeRmap.RemoveFromPages(cpu, first.Head, first, count);
        }
        else
        {
            await base.ZapPtes(cpu, first, count, vma);
        }
    }
}
