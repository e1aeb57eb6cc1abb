using Fuzz.Programs;

namespace Fuzz.Oracles;

/// <summary>What the manual pages say that a call does to what user space sees, when nothing else goes on.</summary>
/// <remarks>Takes what was seen before the call and makes of it what must be seen after it. Where a page does not say
/// (which of several pages UFFDIO_MOVE had moved when it failed), what is seen is believed if it may be.</remarks>
internal static class ManualPages
{
    /// <summary>Most mappings of a process that a split may make (sysctl_max_map_count, as small as the engine has
    /// it).</summary>
    private const int MapCountMax = Mm.Routines.VmaModify.MapCountMax;

    /// <summary>Applies one call.</summary>
    /// <param name="view">What was seen before; becomes what must be seen.</param>
    /// <param name="after">What is seen.</param>
    /// <param name="call">The call.</param>
    /// <returns>What the call must return, or null where that depends on what user space cannot see.</returns>
    public static bool? Apply(UserView view, UserView after, Call call)
    {
        MmCall kind = (MmCall)call.Kind;
        switch (kind)
        {
            case MmCall.Truncate:
                return Truncate(view, call.A, Math.Min(call.B, view.FilePages));
            case MmCall.Punch:
                return Clear(view, call.A, call.B, Math.Min(call.B + call.C, view.FilePages), evenCows: false);
            case MmCall.Attach:
                return Attach(view, call.A, call.B);
            case MmCall.Offline:
                return Offline(view, call.A);
            case MmCall.Dma:
                // Whether the page still is the one that was pinned cannot be seen.
                view.CopyFrom(after);
                return null;
            case MmCall.Swapoff or MmCall.Swapon:
                bool on = kind == MmCall.Swapon;
                bool switches = view.SwapOn != on;
                view.SwapOn = on;
                return switches;
            case MmCall.Reclaim or MmCall.Age or MmCall.Compact or MmCall.Merge
                or MmCall.Drain or MmCall.ShrinkThp or MmCall.PutPage or MmCall.Unpin or MmCall.Invalidate
                or MmCall.Writeback:
                return null;
            default:
                return view.Users[call.A] > 0 && OfProcess(view, after, kind, call) is var result ? result : false;
        }
    }

    private static bool? OfProcess(UserView view, UserView after, MmCall kind, Call call)
    {
        int mm = call.A;
        int end = Math.Min(call.B + call.C, view.Pages);
        return kind switch
        {
            MmCall.Read => MayAccess(view, mm, call.B, write: false),
            MmCall.Write => Write(view, after, mm, call.B, zero: false),
            MmCall.WriteZero => Write(view, after, mm, call.B, zero: true),
            MmCall.Exit => Exit(view, mm),
            MmCall.Fork => Fork(view, mm, call.B),
            MmCall.DontNeed => DontNeed(view, after, mm, call.B, end),
            MmCall.Munmap => Unmap(view, mm, call.B, end),
            MmCall.Map => Map(view, mm, call.B, end),
            MmCall.MapShared => MapFile(view, mm, call, shared: true),
            MmCall.MapPrivate => MapFile(view, mm, call, shared: false),
            MmCall.DontFork or MmCall.DoFork or MmCall.ReadOnly or MmCall.Writable or MmCall.Mlock
                or MmCall.Munlock => SetFlag(view, after, mm, call.B, end, kind),
            MmCall.Mremap => Mremap(view, mm, call.B, call.C, call.D),
            MmCall.Move => Move(view, after, mm, call),
            MmCall.Free => Free(view, mm, call.B, end),
            _ => null,
        };
    }

    private static bool MayAccess(UserView view, int mm, int page, bool write)
    {
        PageView at = view[mm, page];
        return at.Mapped && (!write || at.Writable) && (at.File < 0 || at.Index < view.Size[at.File]);
    }

    private static bool Write(UserView view, UserView after, int mm, int page, bool zero)
    {
        if (!MayAccess(view, mm, page, write: true))
        {
            return false;
        }

        ref PageView at = ref view[mm, page];
        int stored = after[mm, page].Value;
        if ((stored == 0) != zero || (!zero && stored == at.Value))
        {
            // Every store but that of zeroes stores what was never stored before.
            stored = -1;
        }

        at.MayBeFreed = false;
        if (at.Shared)
        {
            StoreFile(view, at.File, at.Index, stored);
        }
        else
        {
            at.Owned = at.File >= 0;
            at.Value = stored;
        }

        return true;
    }

    /// <summary>Everybody who maps the page of the file and has no copy sees the store.</summary>
    private static void StoreFile(UserView view, int file, int index, int value)
    {
        view.Data(file, index) = value;
        for (int mm = 0; mm < view.Mms; mm++)
        {
            for (int page = 0; page < view.Pages; page++)
            {
                ref PageView at = ref view[mm, page];
                if (at.Mapped && at.File == file && at.Index == index && !at.Owned)
                {
                    at.Value = value;
                }
            }
        }
    }

    private static bool Exit(UserView view, int mm)
    {
        view.Users[mm] = 0;
        view.Memcg[mm] = 0;
        for (int page = 0; page < view.Pages; page++)
        {
            view[mm, page] = default;
        }

        return true;
    }

    private static bool Fork(UserView view, int mm, int child)
    {
        if (mm == child || view.Users[child] > 0)
        {
            return false;
        }

        view.Users[child] = 1;
        view.Memcg[child] = view.Memcg[mm];
        for (int page = 0; page < view.Pages; page++)
        {
            view[child, page] = view[mm, page].DontFork ? default : view[mm, page] with { Locked = false };
        }

        return true;
    }

    /// <summary>Fails where memory is locked, perhaps after it has dropped some that is not.</summary>
    private static bool? DontNeed(UserView view, UserView after, int mm, int start, int end)
    {
        bool any = false;
        bool anyLocked = false;
        for (int page = start; page < end; page++)
        {
            anyLocked |= view[mm, page].Locked;
        }

        for (int page = start; page < end; page++)
        {
            ref PageView at = ref view[mm, page];
            any |= at.Mapped;
            int fresh = at.File < 0 ? 0 : view.Data(at.File, at.Index);
            if (at.Mapped && !at.Shared && !at.Locked && (!anyLocked || after[mm, page].Value == fresh))
            {
                at.Owned = false;
                at.Value = fresh;
            }
        }

        return anyLocked ? null : any;
    }

    /// <summary>What is dropped now, and what later or never, is the kernel's choice.</summary>
    private static bool? Free(UserView view, int mm, int start, int end)
    {
        for (int page = start; page < end; page++)
        {
            view[mm, page].MayBeFreed |= view[mm, page].File < 0;
        }

        return null;
    }

    private static bool Unmap(UserView view, int mm, int start, int end)
    {
        bool any = false;
        for (int page = start; page < end; page++)
        {
            any |= view[mm, page].Mapped;
            view[mm, page] = default;
        }

        return any;
    }

    private static bool Map(UserView view, int mm, int start, int end)
    {
        bool any = false;
        for (int page = start; page < end; page++)
        {
            if (!view[mm, page].Mapped)
            {
                any = true;
                view[mm, page] = new PageView { End = end, File = -1, Writable = true };
            }
        }

        return any;
    }

    private static bool MapFile(UserView view, int mm, Call call, bool shared)
    {
        int end = Math.Min(call.B + view.FilePages - call.D, view.Pages);
        for (int page = call.B; page < end; page++)
        {
            int index = call.D + page - call.B;
            view[mm, page] = new PageView
            {
                End = end, File = call.C, Index = index, Shared = shared, Writable = true,
                Value = view.Data(call.C, index),
            };
        }

        return true;
    }

    /// <summary>madvise passes over holes; mprotect and mlock stop at the first. Where there could be too many mappings
    /// to split one, what is seen is believed.</summary>
    private static bool? SetFlag(UserView view, UserView after, int mm, int start, int end, MmCall kind)
    {
        bool any = false;
        bool advises = kind is MmCall.DontFork or MmCall.DoFork;
        bool set = kind is MmCall.DontFork or MmCall.Writable or MmCall.Mlock;
        bool hasRoom = view.Vmas[mm] + 2 <= MapCountMax;
        for (int page = start; page < end && (advises || view[mm, page].Mapped); page++)
        {
            ref bool flag = ref Flag(ref view[mm, page], kind);
            any |= view[mm, page].Mapped && flag != set;
            flag = hasRoom ? set && view[mm, page].Mapped : Flag(ref after[mm, page], kind);
        }

        return hasRoom ? any : null;
    }

    private static ref bool Flag(ref PageView view, MmCall kind)
    {
        switch (kind)
        {
            case MmCall.DontFork or MmCall.DoFork:
                return ref view.DontFork;
            case MmCall.ReadOnly or MmCall.Writable:
                return ref view.Writable;
            default:
                return ref view.Locked;
        }
    }

    private static bool Mremap(UserView view, int mm, int page, int to, int count)
    {
        PageView from = view[mm, page];
        if (!from.Mapped || from.File >= 0 || view.Vmas[mm] + 3 > MapCountMax)
        {
            return false;
        }

        int size = Math.Min(Math.Min(count, from.End - page), Math.Min(view.Pages - to, Math.Abs(to - page)));
        for (int i = 0; i < size; i++)
        {
            view[mm, to + i] = view[mm, page + i];
            view[mm, page + i] = default;
        }

        return size > 0;
    }

    /// <summary>UFFDIO_MOVE moves pages one by one, and may fail after some: each was moved, or was not.</summary>
    private static bool? Move(UserView view, UserView after, int mm, Call call)
    {
        int moved = 0;
        for (int i = 0; i < call.D && Math.Max(call.B, call.C) + i < view.Pages; i++)
        {
            ref PageView from = ref view[mm, call.B + i];
            ref PageView to = ref view[mm, call.C + i];
            bool may = from.Mapped && to.Mapped && from.File < 0 && to.File < 0 && from.Writable && to.Writable
                && call.B != call.C;
            if (may && after[mm, call.C + i].Value == from.Value && after[mm, call.B + i].Value == 0)
            {
                moved += from.Value != 0 ? 1 : 0;
                to.Value = from.Value;
                to.MayBeFreed = from.MayBeFreed;
                from.Value = 0;
            }
        }

        return moved > 0 ? true : null;
    }

    private static bool Truncate(UserView view, int file, int size)
    {
        bool changes = view.Size[file] != size;
        view.Size[file] = size;
        Clear(view, file, size, view.FilePages, evenCows: true);
        return changes;
    }

    /// <summary>A hole of a file reads 0; a truncation takes private copies too.</summary>
    private static bool Clear(UserView view, int file, int start, int end, bool evenCows)
    {
        for (int index = start; index < end; index++)
        {
            view.Data(file, index) = 0;
        }

        for (int mm = 0; mm < view.Mms; mm++)
        {
            for (int page = 0; page < view.Pages; page++)
            {
                ref PageView at = ref view[mm, page];
                if (at.Mapped && at.File == file && at.Index >= start && at.Index < end && (evenCows || !at.Owned))
                {
                    at.Owned = false;
                    at.Value = 0;
                }
            }
        }

        return true;
    }

    private static bool Attach(UserView view, int mm, int memcg)
    {
        if (view.Users[mm] == 0 || !view.Online[memcg] || view.Memcg[mm] == memcg)
        {
            return false;
        }

        view.Memcg[mm] = memcg;
        return true;
    }

    private static bool Offline(UserView view, int memcg)
    {
        bool goes = view.Online[memcg] && memcg > 0;
        for (int mm = 0; mm < view.Mms; mm++)
        {
            goes &= view.Users[mm] == 0 || view.Memcg[mm] != memcg;
        }

        view.Online[memcg] &= !goes;
        return goes;
    }
}
