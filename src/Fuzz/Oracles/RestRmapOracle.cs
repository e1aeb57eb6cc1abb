using Mm.State;

namespace Fuzz.Oracles;

/// <summary>At rest the reverse map of a folio finds every entry that maps it: right anon_vma, right index.</summary>
/// <remarks>
/// Follows from B7 and the rules of <c>__page_check_anon_rmap</c>. An entry that is not found is neither unmapped by
/// reclaim nor moved by migration; the kernel checks root and index when it adds a mapping.
/// </remarks>
public sealed class RestRmapOracle : IWorldOracle
{
    /// <inheritdoc />
    public string Name => "rest-rmap";

    /// <inheritdoc />
    public void Check(Kernel kernel, Seen seen, IJudge judge)
    {
        for (int i = 0; i < kernel.MmCount; i++)
        {
            MmStruct mm = kernel.Mms[i];
            for (int page = 0; page < kernel.PageCount; page++)
            {
                if (mm.Entry(page).IsPresent)
                {
                    CheckEntry(mm, page, kernel.PageOf(mm.Entry(page)), judge);
                }
            }
        }
    }

    private void CheckEntry(MmStruct mm, int page, Page mapped, IJudge judge)
    {
        Folio folio = mapped.Head;
        Vma? vma = mm.FindVma(page);
        if (vma is null)
        {
            judge.Broken(this, "entry outside of all VMAs", $"{mm} page {page}: {mm.Entry(page)}");
            return;
        }

        if (folio.Ksm)
        {
            // It may be anywhere; see RestKsmOracle.
            return;
        }

        if (mapped.PageIndex != vma.LinearIndex(page))
        {
            judge.Broken(
                this, "index is wrong", $"{mm} page {page}: {mapped} has index {mapped.PageIndex}",
                "VM_BUG_ON_PAGE(page_pgoff(folio, page) != linear_page_index(vma, address))");
        }

        if (!folio.Anon && (folio.File is null || folio.File != vma.File || !folio.File.Mmap.Contains(vma)))
        {
            judge.Broken(
                this, "file does not know of a mapping",
                $"{mm} page {page}: {folio} is of {folio.File?.ToString() ?? "no file"}, {vma} maps "
                + $"{vma.File?.ToString() ?? "no file"}");
        }

        if (folio.Mapping is { } anonVma && !IsLinked(anonVma, vma))
        {
            judge.Broken(
                this, "reverse map misses a mapping",
                $"{mm} page {page}: {folio} is of {anonVma}, which has no link to {vma}",
                "VM_BUG_ON_FOLIO(folio_anon_vma(folio)->root != vma->anon_vma->root)");
        }
    }

    private static bool IsLinked(AnonVma anonVma, Vma vma)
    {
        foreach (AnonVmaChain link in anonVma.Tree)
        {
            if (link.Vma == vma)
            {
                return true;
            }
        }

        return false;
    }
}
