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

    /// <summary>pmd_mkinvalid: as <see cref="Huge"/> for whoever reads it, not present for the hardware.</summary>
    Invalid,
}

/// <summary>One PMD entry.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Target">Frame number of the folio's first page.</param>
/// <param name="Flags">Its bits.</param>
public readonly record struct Pmd(PmdKind Kind, ushort Target, PteFlag Flags)
{
    /// <summary>One that points to a page table.</summary>
    public static Pmd Table => new(PmdKind.Table, 0, PteFlag.None);

    /// <summary>pmd_none.</summary>
    public bool IsNone => Kind == PmdKind.None;

    /// <summary>pmd_trans_huge: also while it is invalid.</summary>
    public bool IsHuge => Kind is PmdKind.Huge or PmdKind.Invalid;

    /// <summary>is_pmd_migration_entry.</summary>
    public bool IsMigration => Kind == PmdKind.Migration;

    /// <summary>Whether it names a folio rather than a table.</summary>
    public bool IsLeaf => Kind is PmdKind.Huge or PmdKind.Invalid or PmdKind.Migration;

    /// <summary>pmd_write, or was writable.</summary>
    public bool Writable => (Flags & PteFlag.Write) != PteFlag.None;

    /// <summary>pmd_dirty.</summary>
    public bool Dirty => (Flags & PteFlag.Dirty) != PteFlag.None;

    /// <summary>pmd_young.</summary>
    public bool Young => (Flags & PteFlag.Young) != PteFlag.None;

    /// <summary>A readable-exclusive migration entry.</summary>
    public bool Exclusive => (Flags & PteFlag.Exclusive) != PteFlag.None;

    /// <summary>The entry with these bits set.</summary>
    public Pmd With(PteFlag flags) => this with { Flags = Flags | flags };

    /// <summary>The entry without these bits.</summary>
    public Pmd Without(PteFlag flags) => this with { Flags = Flags & ~flags };

    /// <inheritdoc />
    public override string ToString() => Kind switch
    {
        PmdKind.None => "none",
        PmdKind.Table => "table",
        PmdKind.Huge => $"huge folio {Target}{(Writable ? " rw" : " ro")}{(Dirty ? " dirty" : "")}",
        PmdKind.Invalid => $"invalid, huge folio {Target}",
        _ => $"migration of huge folio {Target}{(Writable ? " (was writable)" : Exclusive ? " (exclusive)" : "")}",
    };
}

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

    /// <summary>Ground truth: whether a collapse has taken the page table out, with its entries in it.</summary>
    public bool TruthUnlinked { get; set; }

    /// <summary>Whether the PMD entry points to the page table. Where no fault maps a whole PMD, each does from the
    /// beginning.</summary>
    public bool IsTable => Pmd.Kind == PmdKind.Table || !kernel.HasHugePmds;

    /// <summary>Stores the PMD entry: one step.</summary>
    public void SetPmd(Pmd pmd)
    {
        Count(Pmd, -1);
        bool leaf = Pmd.IsLeaf;
        Pmd = pmd;
        Count(pmd, 1);
        mm.ShowTable(this);
        if (leaf && pmd.IsNone)
        {
            for (int page = Start; page < End; page++)
            {
                mm.TruthEmptied[page]++;
            }
        }

        kernel.Touched.Mms |= 1u << mm.Index;
    }

    /// <summary>Stores a copy of the parent's PMD entry: one step.</summary>
    public void InheritPmd(PageTable parent, Pmd pmd)
    {
        SetPmd(pmd);
        for (int page = Start; page < End; page++)
        {
            mm.TruthInherit(parent.mm, page);
        }
    }

    /// <inheritdoc />
    public override string ToString() => PmdWord.Name;

    internal void Reset()
    {
        Lock.Reset();
        Pmd = default;
        TruthUnlinked = false;
    }

    private void Count(Pmd pmd, int by)
    {
        if (pmd.IsLeaf)
        {
            Folio folio = kernel.Folios[pmd.Target];
            folio.TruthInvalidPmds += pmd.Kind == PmdKind.Invalid ? by : 0;
            folio.TruthPmds += pmd.Kind == PmdKind.Huge ? by : 0;
            folio.Large.TruthByMm[mm.Index] += pmd.Kind == PmdKind.Huge ? by : 0;
            folio.TruthMigrationPmds += pmd.Kind == PmdKind.Migration ? by : 0;
            kernel.Touched.Folios.Add(pmd.Target);
        }
    }
}
