using Fuzz.Programs;

namespace Conformance;

/// <summary>How many pages of hardware a page of a program stands for, where large folios come in: a PMD entry maps
/// <see cref="PmdOrder"/>, and the engine's small worlds are told apart by less.</summary>
/// <remarks>Programs stay what they are everywhere else. What the engine does with 4 pages it does with 512 here
/// (<see cref="Fuzz.Execution.MmEngine.Stretch"/>), so that both sides count the same.</remarks>
public static class Stretch
{
    /// <summary>PMD_ORDER of x86-64.</summary>
    public const int PmdOrder = 9;

    /// <summary>khugepaged_max_ptes_none of the engine (Mm.State.Kernel.MaxPtesNone).</summary>
    public const int MaxPtesNone = (1 << PmdOrder) * 3 / 4 - 1;

    private const int ClustersMany = 10;

    /// <summary>Pages of a process, and of all processes together, that a world may have: the engine has names for the
    /// entries and frames of so many.</summary>
    private const int PagesMax = 1024;
    private const int AllPagesMax = 2048;

    /// <summary>The power of two; 0 where no PMD entry can map anything: then a page is a page.</summary>
    /// <param name="shape">Values of the language's shape.</param>
    public static int Of(int[] shape) =>
        shape[MmLanguage.Thp] == 0 || shape[MmLanguage.Pages] < 1 << shape[MmLanguage.Pmd]
            ? 0 : PmdOrder - shape[MmLanguage.Pmd];

    /// <summary>Pages of each process.</summary>
    /// <param name="shape">Values of the language's shape.</param>
    public static int Pages(int[] shape) => shape[MmLanguage.Pages] << Of(shape);

    /// <summary>Swap slots of the world: where large folios are, so many that there always are enough in a row. A
    /// kernel keeps a cluster for each size, and the engine does not.</summary>
    /// <param name="shape">Values of the language's shape.</param>
    public static int Slots(int[] shape) =>
        shape[MmLanguage.Thp] == 0 ? shape[MmLanguage.Slots] : ClustersMany << PmdOrder;

    /// <summary>Whether the engine can have the world of that shape at hardware's size.</summary>
    /// <param name="shape">Values of the language's shape.</param>
    public static bool Fits(int[] shape) =>
        Of(shape) == 0 || (Pages(shape) is <= PagesMax and int pages && shape[MmLanguage.Mms] * pages <= AllPagesMax);
}
