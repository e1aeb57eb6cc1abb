using Interleave;

namespace Mm.State;

/// <summary>What a PMD entry is.</summary>
public enum PmdKind : byte
{
    /// <summary>Empty: no table below it.</summary>
    None,

    /// <summary>Points to a page table.</summary>
    Table,

    /// <summary>Maps a whole large folio (pmd_trans_huge).</summary>
    Huge,

    /// <summary>A migration entry for a whole large folio.</summary>
    Migration,
}

/// <summary>One PMD entry.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Target">Frame number of the folio's first page.</param>
/// <param name="Flags">Its bits.</param>
public readonly record struct Pmd(PmdKind Kind, ushort Target, PteFlag Flags);

/// <summary>One range of pages that a PMD entry covers: the entry, and the lock of the page table below it
/// (ptlock_ptr, v6.18 with split PTE locks).</summary>
public sealed class PageTable
{
    /// <summary>Fewest pages of a range.</summary>
    public const int PagesMin = 4;

    private readonly Kernel kernel;
    private readonly MmStruct mm;

    internal PageTable(Kernel kernel, MmStruct mm, int index, ObjectIds ids)
    {
        this.kernel = kernel;
        this.mm = mm;
        Index = index;
        string name = index == 0 ? $"mm{mm.Index}" : $"mm{mm.Index} table {index}";
        Lock = ids.Spinlock(ObjectKind.PageTableLock, $"ptl({name})");
        PmdWord = ids.Word(ObjectKind.Pmd, $"pmd({name})");
    }

    /// <summary>Which range: it begins at this times the pages per PMD.</summary>
    public int Index { get; }

    /// <summary>First page of the range.</summary>
    public int Start => Index << kernel.PmdOrder;

    /// <summary>One past the last page of the range.</summary>
    public int End => Math.Min((Index + 1) << kernel.PmdOrder, kernel.PageCount);

    /// <summary>The lock of the page table.</summary>
    public KernelSpinlock Lock { get; }

    /// <summary>The PMD entry, as an object of points.</summary>
    public Word PmdWord { get; }

    /// <summary>The PMD entry.</summary>
    public Pmd Pmd { get; private set; }

    /// <summary>Stores the PMD entry: one step.</summary>
    public void SetPmd(Pmd pmd)
    {
        Count(Pmd, -1);
        Pmd = pmd;
        Count(pmd, 1);
        kernel.Touched.Mms |= 1u << mm.Index;
    }

    /// <inheritdoc />
    public override string ToString() => PmdWord.Name;

    internal void Reset()
    {
        Lock.Reset();
        Pmd = default;
    }

    private void Count(Pmd pmd, int by)
    {
        if (pmd.Kind is PmdKind.Huge or PmdKind.Migration)
        {
            Folio folio = kernel.Folios[pmd.Target];
            folio.TruthPmds += pmd.Kind == PmdKind.Huge ? by : 0;
            folio.TruthMigrationPmds += pmd.Kind == PmdKind.Migration ? by : 0;
            kernel.Touched.Folios.Add(pmd.Target);
        }
    }
}
