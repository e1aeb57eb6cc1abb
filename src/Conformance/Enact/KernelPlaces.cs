using System.Buffers;
using Interleave;

namespace Conformance.Enact;

/// <summary>Which points of the engine are entries of functions of a real kernel.</summary>
/// <remarks>
/// A point that is the first one of its function since the lane came into it is the entry of that function, but where a
/// row says otherwise. The rows are of v6.18; which functions a kernel has is asked of the kernel: what is inlined is
/// no place to stop at.
/// </remarks>
internal static class KernelPlaces
{
    private static readonly SearchValues<char> Letters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

    /// <summary>Functions with their first point behind the entry, or entered on another way, and why.</summary>
    private static readonly SortedDictionary<string, string> Elsewhere = new(StringComparer.Ordinal)
    {
        ["anon_vma_fork"] = "its first point comes after anon_vma_clone, which it calls",
        ["do_mlock"] = "munlock comes without it",
        ["do_swap_page"] = "its first point comes after get_swap_device and swap_cache_get_folio, which it calls",
        ["lru_add_drain"] = "move_pages drains by lru_cache_disable, without it",
        ["mmput"] = "a call on its own process lets go of no reference to it",
        ["try_to_unmap_one"] = "its first point comes after page_vma_mapped_walk, which it calls",
        ["try_to_migrate_one"] = "its first point comes after page_vma_mapped_walk, which it calls",
        ["remove_migration_pte"] = "its first point comes after page_vma_mapped_walk, which it calls",
    };

    /// <summary>Whether the first point of that function is where it is entered.</summary>
    public static bool IsEntry(Point point) => IsInKernel(point) && !Elsewhere.ContainsKey(point.Function);

    /// <summary>Whether its step is one of a function of the kernel.</summary>
    public static bool IsInKernel(Point point) =>
        point.Function.Length > 0 && !point.Function.AsSpan().ContainsAnyExcept(Letters);
}
