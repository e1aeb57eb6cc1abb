using Mm.State;

namespace Fuzz.Oracles;

/// <summary>No entry of a read-only VMA is writable, nor will be when its page has moved.</summary>
/// <remarks>
/// Judged while nobody holds the mmap lock for writing or a lock of the page tables. Else a store goes through that
/// mprotect has forbidden, and nobody says a word; an mprotect that adds rights warns of it,
/// <c>WARN_ON_ONCE(!(vma->vm_flags &amp; VM_WRITE))</c>.
/// </remarks>
public readonly struct ProtectedOracle : ISettledOracle<MmStruct>
{
    /// <inheritdoc />
    public string Name => "protected";

    /// <inheritdoc />
    public bool IsSettled(Kernel kernel, MmStruct subject) =>
        subject.MmapLock.Writer is null && !subject.TablesLocked;

    /// <inheritdoc />
    public bool Holds(Kernel kernel, MmStruct subject) => !subject.HasReadOnly || Find(subject) < 0;

    /// <inheritdoc />
    public void Tell(Kernel kernel, MmStruct subject, IJudge judge)
    {
        int page = Find(subject);
        judge.Broken(
            this, "writable entry of a read-only VMA", $"{subject} page {page}: {subject.Entry(page)}",
            "WARN_ON_ONCE(!(vma->vm_flags & VM_WRITE))");
    }

    private static int Find(MmStruct mm)
    {
        foreach (Vma vma in mm.Vmas)
        {
            for (int page = vma.Start; page < vma.End && !vma.Writable; page++)
            {
                Pte pte = mm.Entry(page);
                if (pte.Kind is PteKind.Present or PteKind.Migration && pte.Writable)
                {
                    return page;
                }
            }
        }

        return -1;
    }
}
