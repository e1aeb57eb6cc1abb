using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>A caller of unmap_mapping_range() that does nothing after it, in place of invalidation:
/// unmap_shared_mapping_range() as gfs2 and vmwgfx call it.</summary>
/// <remarks>Their pages here are ordinary pages of the page cache; those of vmwgfx are not.</remarks>
[Variant(
    "unmap-shared-mapping-range",
    Subject = "unmap_mapping_range() with even_cows 0, and no page lock and no second look afterwards",
    Origin = "inode_go_sync() of gfs2 and vmw_bo_dirty_unmap() of vmwgfx: those that seed 004 leaves open",
    Fix = "it is right as long as the pass takes all that is the file's",
    Symptom = "none; where the pass leaves something, it stays mapped")]
public sealed class UnmapSharedMappingRange : Invalidation
{
    /// <inheritdoc />
    public override async Flow<bool> Pages2(Cpu cpu, Inode file, int index)
    {
        List<(MmStruct Mm, int Page, int Emptied)> mapped = TruthMapped(file, index);
        await R.UnmapMapping.Range(cpu, file, index, index + 1, evenCows: false);
        foreach ((MmStruct mm, int page, int emptied) in mapped)
        {
            if (mm.TruthEmptied[page] == emptied && !mm[page].IsNone)
            {
                K.TruthBroken.Add($"zap: {mm} p{page} still is {mm[page]} after its file was unmapped");
            }
        }

        return mapped.Count > 0;
    }

    /// <summary>Ground truth: who has a page of the file there, mapped or migrating.</summary>
    private List<(MmStruct Mm, int Page, int Emptied)> TruthMapped(Inode file, int index)
    {
        List<(MmStruct, int, int)> mapped = [];
        foreach (Vma vma in file.Mmap)
        {
            int page = vma.AddressOf(index);
            if (page >= vma.Start && page < vma.End
                && vma.Mm[page].Kind is PteKind.Present or PteKind.Migration && !K.FolioOf(vma.Mm[page]).Anon)
            {
                mapped.Add((vma.Mm, page, vma.Mm.TruthEmptied[page]));
            }
        }

        return mapped;
    }
}
