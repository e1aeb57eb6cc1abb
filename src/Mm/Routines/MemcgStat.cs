using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>NR_ANON_MAPPED and NR_FILE_MAPPED of memcgs: what the rmap functions count when the first mapping of a page
/// comes or the last one goes (mm/rmap.c: __folio_mod_stat; mm/memcontrol.c: __lruvec_stat_mod_folio; v6.18).</summary>
/// <remarks>
/// v6.18 has no lock between a mapcount and its statistics: folio_memcg does not change while anybody can still map
/// the folio. Up to v6.2 there was lock_page_memcg, and with it the question where it must be taken: the hooks around
/// the removal are for that. Left out: the other statistics, the node's half.
/// </remarks>
public class MemcgStat : Routine
{
    /// <summary>The read of memcg_data and the per-cpu adds.</summary>
    protected static readonly Point Modify = Points.Define("MemcgModStat", "__lruvec_stat_mod_folio", Access.Read);

    /// <summary>Before the mapcount of a mapping that goes is touched.</summary>
    public virtual Flow BeginRemove(Cpu cpu, Folio folio) => Flow.Done;

    /// <summary>After mapcount and statistics of a mapping that went.</summary>
    public virtual Flow EndRemove(Cpu cpu, Folio folio) => Flow.Done;

    /// <summary>So many pages of the folio are mapped that were not.</summary>
    public virtual Flow Mapped(Cpu cpu, Folio folio, int pages) => Add(cpu, folio, pages);

    /// <summary>So many pages of the folio are not mapped any more.</summary>
    public virtual Flow Unmapped(Cpu cpu, Folio folio, int pages) => Add(cpu, folio, -pages);

    /// <summary>__lruvec_stat_mod_folio: whatever memcg the folio is charged to at this moment.</summary>
    protected Flow Add(Cpu cpu, Folio folio, int pages)
    {
        if (K.Memcgs.Matter)
        {
            return AddInStep(cpu, folio, pages);
        }

        folio.Memcg?.ModifyMapped(folio, pages);
        return Flow.Done;
    }

    private static async Flow AddInStep(Cpu cpu, Folio folio, int pages)
    {
        await cpu.At(Modify, folio.MemcgWord);
        folio.Memcg?.ModifyMapped(folio, pages);
    }
}
