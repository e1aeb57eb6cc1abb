using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>page_remove_rmap() with lock_page_memcg() as its first action: mapcount and statistics change for one
/// memcg.</summary>
[Variant(
    "lock-page-memcg",
    Subject = "page_remove_rmap() takes lock_page_memcg() before it lowers the mapcount",
    Origin = "up to v6.2",
    Fix = "none needed: c7c3dec1c9db (v6.3) takes it out, as 4e0cf05f6059 is to make it redundant",
    IsHarmless = true,
    Symptom = "none: it is the safe position")]
public sealed class EarlyMemcgLock : FolioMemcgLock
{
    private readonly bool[] inside = new bool[Kernel.CpusMax];

    /// <inheritdoc />
    public override async Flow BeginRemove(Cpu cpu, Folio folio)
    {
        await Lock(cpu, folio);
        inside[cpu.Index] = true;
    }

    /// <inheritdoc />
    public override Flow EndRemove(Cpu cpu, Folio folio)
    {
        inside[cpu.Index] = false;
        Unlock(cpu, folio);
        return Flow.Done;
    }

    /// <summary>A removal that is not page_remove_rmap, as page_zap_pte_rmap is none, has only this part of
    /// it.</summary>
    public override Flow Unmapped(Cpu cpu, Folio folio, int pages) =>
        inside[cpu.Index] ? Add(cpu, folio, -pages) : UnmappedLocked(cpu, folio, pages);

    /// <inheritdoc />
    protected internal override void Reset() => Array.Clear(inside);
}
