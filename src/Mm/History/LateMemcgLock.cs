using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>page_remove_rmap() with lock_page_memcg() just before the statistics: the mapcount has changed
/// already.</summary>
[Variant(
    "late-memcg-lock",
    Subject = "page_remove_rmap() takes lock_page_memcg() only around the change of the statistics",
    Origin = "asked on 2022-11-07: \"could and should be moved just before the stats updates\"",
    Fix = "the lock before the mapcount, as up to v6.2; or no folio ever changes its memcg, as since v6.13",
    Symptom = "no message: NR_ANON_MAPPED of one memcg is one too high, that of another one too low, for ever")]
public sealed class LateMemcgLock : FolioMemcgLock
{
    /// <inheritdoc />
    public override Flow Unmapped(Cpu cpu, Folio folio, int pages) => UnmappedLocked(cpu, folio, pages);
}
