using System.Globalization;
using Mm.State;

namespace Conformance;

/// <summary>What a kernel answers to a call when it does what the engine did: the engine itself knows no error
/// numbers, only whether a call found something to do.</summary>
internal static class Answers
{
    /// <summary>A system call that succeeded, whatever number it returned.</summary>
    public const string Ok = "ok";

    private const string NoMemory = "-ENOMEM";
    private const string Invalid = "-EINVAL";
    private const string Fault = "-EFAULT";
    private const string Busy = "-EBUSY";

    /// <summary>The value that was loaded, or the signal.</summary>
    public static string OfLoad(Situation before, bool effective) => effective
        ? ((ulong)before.Content(before.Page)).ToString(CultureInfo.InvariantCulture) : Signal(before, write: false);

    /// <summary>Stored, or the signal.</summary>
    public static string OfStore(Situation before, bool effective) => effective ? Ok : Signal(before, write: true);

    /// <summary>Success, always.</summary>
    public static string Always(Situation before, bool effective) => Ok;

    /// <summary>madvise that takes any VMA: a hole is an error, although the rest is done
    /// (madvise_walk_vmas).</summary>
    public static string OfAdvice(Situation before, bool effective) =>
        OfAdvice(before, before.Page, before.Count, static _ => false);

    /// <summary>The same of one page.</summary>
    public static string OfPageAdvice(Situation before, bool effective) =>
        OfAdvice(before, before.Page, 1, static _ => false);

    /// <summary>madvise that refuses memory that is locked: it stops there (madvise_dontneed_free_valid_vma,
    /// can_madv_lru_vma).</summary>
    public static string OfUnlocked(Situation before, bool effective) =>
        OfAdvice(before, before.Page, before.Count, static vma => vma.IsLocked);

    /// <summary>The same of one page.</summary>
    public static string OfUnlockedPage(Situation before, bool effective) =>
        OfAdvice(before, before.Page, 1, static vma => vma.IsLocked);

    /// <summary>The same of all pages below a PMD entry of the engine.</summary>
    public static string OfUnlockedTable(Situation before, bool effective) =>
        OfAdvice(before, before.TableStart, before.TableCount, static vma => vma.IsLocked);

    /// <summary>MADV_FREE, which refuses memory that is locked, and files.</summary>
    public static string OfFree(Situation before, bool effective) =>
        OfAdvice(before, before.Page, before.Count, static vma => vma.IsLocked || vma.File is not null);

    /// <summary>mlock: a page that cannot be brought in is an error, too; which one is left to the kernel
    /// (__mm_populate).</summary>
    public static string? OfMlock(Situation before, bool effective)
    {
        for (int page = before.Page; page < before.Page + before.Count; page++)
        {
            bool pastEnd = before.Process.FindVma(page) is { File: { } file } vma && vma.LinearIndex(page) >= file.Size;
            if (pastEnd || before.Process.Entry(page).Kind == PteKind.HwPoison)
            {
                return null;
            }
        }

        return OfRange(before, effective);
    }

    /// <summary>mprotect, munlock: they stop at a hole (do_mprotect_pkey, apply_vma_lock_flags).</summary>
    public static string OfRange(Situation before, bool effective) => before.Holes().Any() ? NoMemory : Ok;

    /// <summary>A pin for writing: of memory that may be written to, and is whole.</summary>
    public static string OfPin(Situation before, bool effective) => effective ? Ok : Fault;

    /// <summary>rmdir of a memcg: not while a process is in it (cgroup_destroy_locked).</summary>
    public static string OfOffline(Situation before, bool effective) => effective ? Ok : Busy;

    /// <summary>swapoff: not twice.</summary>
    public static string OfSwapoff(Situation before, bool effective) => before.Kernel.Swap.Live ? Ok : Invalid;

    private static string OfAdvice(Situation before, int start, int count, Func<Vma, bool> refused)
    {
        bool hole = false;
        for (int page = start; page < start + count; page++)
        {
            if (before.Process.FindVma(page) is not { } vma)
            {
                hole = true;
            }
            else if (refused(vma))
            {
                return Invalid;
            }
        }

        return hole ? NoMemory : Ok;
    }

    /// <summary>No VMA, or none that may be written to: SIGSEGV. A page that is past the end of its file, or broken:
    /// SIGBUS.</summary>
    private static string Signal(Situation before, bool write) =>
        before.Vma is not { } vma || (write && !vma.Writable) ? "sig11" : "sig7";
}
