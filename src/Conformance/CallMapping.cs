using Fuzz.Programs;
using Mm.State;

namespace Conformance;

/// <summary>The table engine call -> system call, written once.</summary>
public static class CallMapping
{
    /// <summary>Nodes of a guest: drop_caches runs the shrinkers for each, and the queue of a memcg is one for
    /// all.</summary>
    private const int Nodes = 2;

    private const string WholeMachine = "works on lists of the whole machine: nobody can say which pages it takes";

    /// <summary>Debian's 6.1 for clouds has neither UFFDIO_MOVE, which is of 6.8, nor
    /// CONFIG_MEMORY_FAILURE.</summary>
    private static readonly Version Newer = new(6, 12);

    /// <summary>A row for each call of <see cref="MmLanguage"/>, by kind.</summary>
    public static IReadOnlyList<CallRow> Rows { get; } =
    [
        Row(MmCall.Read, "a load", s => [$"read {s.Mm} {s.Page}"], Answers.OfLoad),
        Row(MmCall.Write, "a store", s => [$"write {s.Mm} {s.Page} V"], Answers.OfStore),
        Row(MmCall.Readahead, "MADV_WILLNEED", s => Advise(s, 1, "willneed"), Answers.OfPageAdvice),
        Row(MmCall.Swapoff, "swapoff", _ => ["swapoff"], Answers.OfSwapoff),
        Row(MmCall.Swapon, "swapon", s => s.Kernel.Swap.Live ? [] : ["swapon"], Answers.Always),
        Row(MmCall.Fork, "fork", s => CanFork(s) ? [$"fork {s.Mm} {s.Call.B}"] : [], Answers.Always),
        Row(MmCall.Pageout, "MADV_PAGEOUT", s => Advise(s, 1, "pageout"), Answers.OfUnlockedPage),
        Not(MmCall.Reclaim, WholeMachine),
        Not(MmCall.Age, WholeMachine),
        Row(MmCall.DontNeed, "MADV_DONTNEED", s => Advise(s, s.Count, "dontneed"), Answers.OfUnlocked),
        Row(MmCall.Munmap, "munmap", s => [$"munmap {s.Mm} {s.Page} {s.Count}"], Answers.Always),
        Row(MmCall.Map, "mmap, for each hole", s => s.Holes().SelectMany(hole => Map(s, hole.Page, hole.Count)),
            Answers.Always),
        Row(MmCall.Exit, "exit_group", s => [$"exit {s.Mm}"], Answers.Always),
        Row(MmCall.Migrate, "move_pages, MPOL_MF_MOVE_ALL, to the node where it is not",
            s => [$"migrate {s.Mm} {s.Page} 1 all"]),
        Not(MmCall.Compact, WholeMachine),
        Row(MmCall.Drain, "move_pages that moves nothing", _ => ["drain"], Answers.Always),
        Not(MmCall.Pin, "what registers memory of a process, io_uring and AF_XDP, pins for writing; "
            + "direct I/O gives its pins back at once"),
        Row(MmCall.PinWrite, "registers a buffer with io_uring, of private memory",
            s => s.Vma is not { Shared: true } && Situation.Free(s.Kernel.Pins) is >= 0 and var name
                ? [$"pin {s.Mm} {s.Page} {name}"] : [], Answers.OfPin),
        Row(MmCall.Dma, "a fixed read of io_uring", s => Held(s, s.Kernel.Pins, "dmawrite", " V")),
        Row(MmCall.Unpin, "unregisters the buffer", s => Held(s, s.Kernel.Pins, "unpin"), Answers.Always),
        Row(MmCall.Attach, "a write to cgroup.procs, of a memcg that is there",
            s => s.Kernel.Memcgs[s.Call.B].Online ? [$"attach {s.Mm} {s.Call.B}"] : [], Answers.Always),
        Row(MmCall.Offline, "rmdir, of a memcg other than the first that is there",
            s => s.Call.A > 0 && s.Kernel.Memcgs[s.Call.A].Online ? [$"offline {s.Call.A}"] : [], Answers.OfOffline),
        Row(MmCall.WriteZero, "a store", s => [$"writezero {s.Mm} {s.Page}"], Answers.OfStore),
        Row(MmCall.Merge, "MADV_MERGEABLE of all that both processes map, and three scans of ksmd; small folios",
            Merge, Answers.Always),
        Row(MmCall.Unmerge, "MADV_UNMERGEABLE, and MADV_MERGEABLE again", s => s.Process.Mergeable
            ? [.. Advise(s, s.Count, "unmergeable"), .. Advise(s, s.Count, "mergeable")] : [], Answers.OfAdvice),
        Row(MmCall.Free, "MADV_FREE, where no large folio is",
            s => HasLarge(s, s.Count) ? [] : Advise(s, s.Count, "free"), Answers.OfFree),
        Row(MmCall.Cold, "MADV_COLD", s => Advise(s, s.Count, "cold"), Answers.OfUnlocked),
        Row(MmCall.DontFork, "MADV_DONTFORK", s => Advise(s, s.Count, "dontfork"), Answers.OfAdvice),
        Row(MmCall.DoFork, "MADV_DOFORK", s => Advise(s, s.Count, "dofork"), Answers.OfAdvice),
        Row(MmCall.ReadOnly, "mprotect, PROT_READ", s => [$"mprotect {s.Mm} {s.Page} {s.Count} ro"], Answers.OfRange),
        Row(MmCall.Writable, "mprotect, PROT_READ and PROT_WRITE", s => [$"mprotect {s.Mm} {s.Page} {s.Count} rw"],
            Answers.OfRange),
        Row(MmCall.Poison, "MADV_HWPOISON, of small anonymous folios",
            s => IsAnonymous(s) ? Advise(s, 1, "hwpoison") : []) with { Since = Newer },
        Row(MmCall.SoftOffline, "MADV_SOFT_OFFLINE, of small anonymous folios",
            s => IsAnonymous(s) ? Advise(s, 1, "softoffline") : []) with { Since = Newer },
        Row(MmCall.Split, "split_huge_pages of debugfs, of that page", s => [$"split {s.Mm} {s.Page} 1"]),
        Row(MmCall.ShrinkThp, "drop_caches 2, which runs all shrinkers, when it is for all that is queued",
            s => Array.TrueForAll(s.Kernel.SplitQueues, queue => queue.Length <= s.Call.A) ? ["dropcaches 2"] : [],
            Answers.Always) with { Times = Nodes },
        Row(MmCall.MapShared, "munmap, mmap of a file, MAP_SHARED", s => MapFile(s, "mapshared"), Answers.Always),
        Row(MmCall.MapPrivate, "munmap, mmap of a file, MAP_PRIVATE", s => MapFile(s, "mapprivate"), Answers.Always),
        Row(MmCall.Truncate, "ftruncate",
            s => [$"truncate {s.Call.A} {Math.Min((int)s.Call.B, s.Kernel.Files.Pages)}"], Answers.Always),
        Row(MmCall.Punch, "fallocate, FALLOC_FL_PUNCH_HOLE", s => [$"punch {s.Call.A} {s.Call.B} {s.PunchCount}"],
            Answers.Always),
        Row(MmCall.Invalidate, "a read and a write of it past the page cache, if it is clean",
            s => s.IsCleanOnDisk ? [$"invalidate {s.Call.A} {s.Call.B} 1"] : [], Answers.Always),
        Row(MmCall.Writeback, "fsync, of a file with blocks",
            s => s.Kernel.Files[s.Call.A].IsShmem ? [] : [$"writeback {s.Call.A}"], Answers.Always),
        Row(MmCall.PageoutRange, "MADV_PAGEOUT of all that the engine's PMD entry covers",
            s => [$"madvise {s.Mm} {s.TableStart} {s.TableCount} pageout"], Answers.OfUnlockedTable),
        Row(MmCall.Collapse, "MADV_COLLAPSE of all that the engine's PMD entry covers",
            s => [$"madvise {s.Mm} {s.TableStart} {s.TableCount} collapse"]),
        Row(MmCall.Mremap, "mremap, MREMAP_FIXED",
            s => s.MovedCount > 0 ? [$"mremap {s.Mm} {s.Page} {s.To} {s.MovedCount}"] : [], Answers.Always),
        Row(MmCall.Move, "UFFDIO_MOVE, of small folios", Move) with { Since = Newer },
        Row(MmCall.GetPage, "vmsplice", s => Situation.Free(s.Kernel.Gets) is >= 0 and var name
            ? [$"getpage {s.Mm} {s.Page} {name}"] : []),
        Row(MmCall.PutPage, "a read of the pipe", s => Held(s, s.Kernel.Gets, "putpage")),
        Row(MmCall.Mlock, "mlock", s => [$"mlock {s.Mm} {s.Page} {s.Count}"], Answers.OfMlock),
        Row(MmCall.Munlock, "munlock", s => [$"munlock {s.Mm} {s.Page} {s.Count}"], Answers.OfRange),
    ];

    /// <summary>Whether a guest has such a world: small folios, or large ones in a region that is not too large, with a
    /// swap device that is done when it returns, files of shmem, one memcg.</summary>
    /// <param name="shape">Values of the language's shape.</param>
    public static bool HasWorld(int[] shape) => shape[MmLanguage.Thp] == 0 || (Stretch.Fits(shape)
        && shape[MmLanguage.Device] == 1 && shape[MmLanguage.FileType] == 0 && shape[MmLanguage.Memcgs] == 1);

    /// <summary>The row of a call.</summary>
    public static CallRow Of(MmCall call) => Rows[(int)call];

    /// <summary>A call as it is made in the state that an engine is in.</summary>
    /// <param name="kernel">The engine, before the call.</param>
    /// <param name="call">The call; it can be made.</param>
    /// <param name="stretch">How many pages one of the call stands for, as a power of two.</param>
    /// <returns>Null when neither side would have anything to do.</returns>
    public static CallPlan? Plan(Kernel kernel, Call call, int stretch = 0)
    {
        CallRow row = Of((MmCall)call.Kind);
        Situation before = new(kernel, call, stretch);
        Parameter[] parameters = MmLanguage.Instance.Calls[call.Kind].Parameters;
        if (parameters is [{ Bound: MmLanguage.Mms }, ..] && !before.Process.Alive)
        {
            return null;
        }

        // The state is the engine's own, which the call changes: what is asked of it has to be asked before.
        string[] operations = [.. row.Operations(before)];
        string? succeeded = row.Answer(before, true);
        string? failed = row.Answer(before, false);
        bool loads = row.Call == MmCall.Read;
        return operations.Length == 0 ? null : new CallPlan(
            row, call, stretch, operations,
            (after, effective) => loads && effective
                ? row.Answer(new Situation(after, call, stretch), true) : effective ? succeeded : failed);
    }

    private static CallRow Row(
        MmCall call, string systemCall, Func<Situation, IEnumerable<string>> operations,
        Func<Situation, bool, string?>? answer = null) => new(call, systemCall, "")
        {
            Operations = operations,
            Answer = answer ?? (static (_, _) => null),
        };

    private static CallRow Not(MmCall call, string reason) => new(call, "", reason);

    private static IEnumerable<string> Advise(Situation s, int count, string advice) =>
        [$"madvise {s.Mm} {s.Page} {count} {advice}"];

    /// <summary>Whether a large folio is mapped there: with some calls the engine leaves those alone.</summary>
    private static bool HasLarge(Situation s, int count)
    {
        for (int page = s.Page; page < s.Page + count; page++)
        {
            if (s.Process.Entry(page) is { IsPresent: true } pte && s.Kernel.FolioOf(pte).IsLarge)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The engine leaves pages of files alone, and what may come back from swap as part of a large folio; and
    /// nobody should break the zero page.</summary>
    private static bool IsAnonymous(Situation s)
    {
        Pte pte = s.Process.Entry(s.Page);
        bool comesBackSmall = pte.IsSwap && s.Kernel.Thp != ThpPolicy.Sizes;
        return (comesBackSmall || (pte.IsPresent && s.Kernel.FolioOf(pte).Anon)) && !HasLarge(s, 1);
    }

    private static IEnumerable<string> Map(Situation s, int page, int count) =>
    [
        $"map {s.Mm} {page} {count}",
        .. StayMergeable(s, page, count),
    ];

    /// <summary>A process that ksmd knows stays mergeable wherever it maps, as in the engine.</summary>
    private static IEnumerable<string> StayMergeable(Situation s, int page, int count) =>
        s.Process.Mergeable ? [$"madvise {s.Mm} {page} {count} mergeable"] : [];

    /// <summary>The engine leaves large folios alone; ksmd splits what it merges. A broken page of KSM stays in the
    /// stable tree, and ksmd maps it to whoever has an equal one: guests do, and so does the engine, whose laws that
    /// breaks (KsmSparesPoisoned would mend it).</summary>
    private static IEnumerable<string> Merge(Situation s)
    {
        MmStruct other = s.Kernel.Mms[s.Call.C];
        string[] advice = [.. from mm in new[] { s.Process, other }.Distinct()
            from vma in mm.Vmas where other.Alive && !vma.Shared
            select $"madvise {mm.Index} {vma.Start} {vma.End - vma.Start} mergeable"];
        bool can = s.Kernel.Thp == ThpPolicy.Never && advice.Length > 0 && !HasBrokenNode(s.Kernel);
        return can ? [.. advice, "ksm"] : [];
    }

    private static bool HasBrokenNode(Kernel kernel)
    {
        foreach (StableNode node in kernel.Ksm.Nodes)
        {
            if (node.Live && kernel.Folios[node.Pfn].Has(PageFlag.HwPoison))
            {
                return true;
            }
        }

        return false;
    }

    private static bool CanFork(Situation s) => s.Call.A != s.Call.B && !s.Kernel.Mms[s.Call.B].Claimed;

    private static IEnumerable<string> MapFile(Situation s, string how) =>
    [
        $"munmap {s.Mm} {s.Page} {s.FileCount}",
        $"{how} {s.Mm} {s.Page} {s.Call.C} {s.Call.D} {s.FileCount}",
        .. StayMergeable(s, s.Page, s.FileCount),
    ];

    /// <summary>What the engine would use: the first that is held of that page.</summary>
    private static IEnumerable<string> Held(Situation s, Pin[] pins, string operation, string rest = "") =>
        s.Held(pins) is >= 0 and var name ? [$"{operation} {s.Mm} {name}{rest}"] : [];

    /// <summary>The engine takes as many pages as both VMAs have from there on.</summary>
    private static IEnumerable<string> Move(Situation s)
    {
        if (s.Vma is { } source && s.Process.FindVma(s.To) is { } target && s.To != s.Page)
        {
            int room = Math.Min(source.End - s.Page, target.End - s.To);
            int count = Math.Min(Math.Min(s.Length, room), Math.Abs(s.To - s.Page));
            if (!HasLarge(s, count))
            {
                yield return $"uffdmove {s.Mm} {s.Page} {s.To} {count}";
            }
        }
    }
}
