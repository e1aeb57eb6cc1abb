namespace Mm.State;

/// <summary>/sys/kernel/mm/transparent_hugepage: which large folios anonymous faults allocate.</summary>
public enum ThpPolicy
{
    /// <summary>None.</summary>
    Never,

    /// <summary>Those that a PMD entry maps.</summary>
    Pmd,

    /// <summary>Those of smaller orders, too (hugepages-*kB/enabled).</summary>
    Sizes,
}
