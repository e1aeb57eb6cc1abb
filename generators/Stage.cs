using System.Numerics;
using Fuzz.Programs;

namespace Generators;

/// <summary>What a generated program has probably done so far: just enough for most calls to find something to
/// do.</summary>
/// <remarks>
/// A guess, not a model: bit 16*mm+page of each set. Nothing depends on its being right, since an impossible call is a
/// no-op.
/// </remarks>
/// <param name="Pages">Pages of each process.</param>
/// <param name="Mapped">Pages that a VMA covers.</param>
/// <param name="Touched">Pages that hold a folio.</param>
/// <param name="Swapped">Pages that may be in swap.</param>
/// <param name="Pinned">Pages that a device has pinned.</param>
/// <param name="Alive">Processes that exist, by bit.</param>
/// <param name="SwapOn">Whether the swap device is in use.</param>
/// <param name="Memcgs">Memcgs of the world.</param>
/// <param name="Members">The memcg of each process, two bits each.</param>
/// <param name="Visited">Memcgs that had a process, by bit.</param>
/// <param name="Offline">Memcgs that were removed, by bit.</param>
/// <param name="FilePages">Pages of each file.</param>
/// <param name="OnDisk">Whether files have blocks.</param>
/// <param name="OfFile">Pages that a VMA of a file covers.</param>
/// <param name="ReadOnly">Pages of VMAs that have flags of their own: read-only, or left out of forks.</param>
/// <param name="Huge">Pages that one fault may bring at once; 1 where folios are small.</param>
public readonly record struct Stage(
    byte Pages, ulong Mapped, ulong Touched, ulong Swapped, ulong Pinned, byte Alive, bool SwapOn, byte Memcgs,
    byte Members, byte Visited, byte Offline, byte FilePages, bool OnDisk, ulong OfFile, ulong ReadOnly = 0,
    byte Huge = 1)
{
    /// <summary>Bits of a set that one process takes.</summary>
    public const int PagesBits = 16;

    private const int MmsMax = 4;

    /// <summary>Pages that hold nothing but zeroes, so that they are equal.</summary>
    public ulong Zeroed { get; init; }

    /// <summary>Pages that are mapped so often that reclaim finds them in use.</summary>
    public ulong Warm { get; init; }

    /// <summary>Pages that reclaim has found in use.</summary>
    public ulong Active { get; init; }

    /// <summary>Pages whose memory is broken.</summary>
    public ulong Poisoned { get; init; }

    /// <summary>Pages that ksmd may have merged.</summary>
    public ulong Merged { get; init; }

    /// <summary>Pages that are mapped one by one where a fault maps a whole large folio.</summary>
    public ulong Apart { get; init; }

    /// <summary>Pages that a pipe has a reference to.</summary>
    public ulong Spliced { get; init; }

    /// <summary>Pages that are locked in memory.</summary>
    public ulong Locked { get; init; }

    private const ulong All = 0xFFFF;

    /// <summary>The world before the first call: mm0 maps all its pages.</summary>
    /// <param name="pages">Pages of a process.</param>
    /// <param name="memcgs">Memcgs of the world.</param>
    /// <param name="huge">Pages that one fault may bring at once.</param>
    /// <param name="filePages">Pages of a file.</param>
    /// <param name="onDisk">Whether files have blocks.</param>
    /// <param name="below">Whether faults map large folios below PMD order, each page by itself.</param>
    public static Stage First(
        int pages, int memcgs = 1, int huge = 1, int filePages = 1, bool onDisk = false, bool below = false) =>
        new(
            (byte)pages, (1UL << pages) - 1, 0, 0, 0, 1, true, (byte)memcgs, 0, 1, 0, (byte)filePages, onDisk, 0,
            Huge: (byte)huge)
        {
            Apart = below ? ulong.MaxValue : 0,
        };

    /// <summary>What <see cref="Targets"/> says of calls that name no page.</summary>
    public const ulong Anywhere = ulong.MaxValue;

    /// <summary>The (mm, page) pairs, or mms, that the call would find something to do with, as a bit set; all ones for
    /// "no target needed".</summary>
    public ulong Targets(MmCall kind, int mms) => kind switch
    {
        MmCall.Read or MmCall.Write or MmCall.Pin or MmCall.PinWrite => Mapped,
        MmCall.Readahead => Swapped,
        MmCall.Migrate => Touched,
        MmCall.Pageout or MmCall.Cold => Touched & ~Locked,
        MmCall.Mlock => Mapped & ~Locked,
        MmCall.Munlock => Locked,
        MmCall.DontFork => mms > 1 ? (Touched | Swapped) & ~ReadOnly : 0,
        MmCall.ReadOnly => (Touched | Swapped) & ~ReadOnly,
        MmCall.DoFork or MmCall.Writable => ReadOnly,
        MmCall.Mremap => Touched | Swapped,
        MmCall.Move => Movable(),
        MmCall.GetPage => Touched & ~Spliced,
        MmCall.PutPage => Spliced,
        MmCall.Munmap => Touched | Swapped,
        MmCall.DontNeed or MmCall.Free => (Touched | Swapped) & ~Locked,
        MmCall.Map => AlivePages() & ~Mapped,
        MmCall.Dma or MmCall.Unpin => Pinned,
        MmCall.Fork => Alive != (1 << mms) - 1 ? Touched | Swapped : 0,
        MmCall.Exit => BitOperations.PopCount(Alive) > 1 ? Mapped : 0,
        MmCall.WriteZero => Mapped & ~Zeroed,
        MmCall.Merge => BitOperations.PopCount(Zeroed & Touched) > 1 ? Zeroed & ~Merged & Touched : 0,
        MmCall.Unmerge => Merged,
        MmCall.Poison or MmCall.SoftOffline => Touched & ~Poisoned,
        MmCall.Swapoff => SwapOn && Swapped != 0 ? Anywhere : 0,
        MmCall.Swapon => SwapOn ? 0 : Anywhere,
        MmCall.Attach => Memcgs > 1 ? AlivePages() : 0,
        MmCall.Offline => Vacant != 0 ? Anywhere : 0,
        MmCall.Split or MmCall.PageoutRange => Huge > 1 ? Touched : 0,
        MmCall.Collapse => (Touched & Apart) | (Huge > 1 ? Swapped : 0),
        MmCall.ShrinkThp => Huge > 1 && Touched != 0 ? Anywhere : 0,
        MmCall.MapShared or MmCall.MapPrivate => AlivePages() & ~OfFile,
        MmCall.Truncate or MmCall.Punch => OfFile != 0 ? Anywhere : 0,
        MmCall.Invalidate or MmCall.Writeback => OnDisk && OfFile != 0 ? Anywhere : 0,
        _ => (Touched | Swapped) != 0 ? Anywhere : 0,
    };

    /// <summary>The guess after a call.</summary>
    public Stage After(Call call)
    {
        ulong bit = 1UL << (call.A * PagesBits + call.B);
        ulong range = ((1UL << call.C) - 1) << (call.A * PagesBits + call.B);
        ulong all = All << (call.A * PagesBits);
        switch ((MmCall)call.Kind)
        {
            case MmCall.Read when ((Swapped | OfFile) & bit) != 0:
            case MmCall.Write:
            case MmCall.WriteZero:
            case MmCall.PinWrite:
                return this with
                {
                    Zeroed = (MmCall)call.Kind == MmCall.WriteZero ? Zeroed | bit
                        : (MmCall)call.Kind == MmCall.Read ? Zeroed : Zeroed & ~bit,
                    Merged = (MmCall)call.Kind == MmCall.Read ? Merged : Merged & ~bit,
                    Touched = Touched | bit | (Neighbours(call) & Mapped & ~Swapped),
                    Swapped = Swapped & ~bit,
                    Pinned = (MmCall)call.Kind == MmCall.PinWrite ? Pinned | bit : Pinned,
                };
            case MmCall.Pin:
                return this with { Pinned = Pinned | (bit & Touched) };
            case MmCall.Unpin:
                return this with { Pinned = Pinned & ~bit };
            case MmCall.Pageout:
                return this with
                {
                    Swapped = Swapped | bit, Touched = Touched & ~bit, Apart = Apart | Neighbours(call),
                };
            case MmCall.DontNeed:
                return this with
                {
                    Touched = Touched & ~range, Swapped = Swapped & ~range, Zeroed = Zeroed & ~range,
                    Apart = Apart | (call.C < Huge ? Neighbours(call) : 0),
                };
            case MmCall.Munmap:
                return Without(range);
            case MmCall.Map:
                return this with { Mapped = Mapped | (range & all) };
            case MmCall.MapShared or MmCall.MapPrivate:
                ulong mapped = (((1UL << (FilePages - call.D)) - 1) << call.B & ((1UL << Pages) - 1))
                    << (call.A * PagesBits);
                return Without(mapped) with { Mapped = Mapped | mapped, OfFile = OfFile | mapped };
            case MmCall.Exit:
                return Without(all) with { Alive = (byte)(Alive & ~(1 << call.A)) };
            case MmCall.Fork:
                return Forked(call.A, call.B);
            case MmCall.Swapoff:
                return this with { Touched = Touched | Swapped, Swapped = 0, SwapOn = false };
            case MmCall.ReadOnly or MmCall.DontFork:
                return this with { ReadOnly = ReadOnly | (range & Mapped) };
            case MmCall.Writable or MmCall.DoFork:
                return this with { ReadOnly = ReadOnly & ~range };
            case MmCall.Swapon:
                return this with { SwapOn = true };
            default:
                return AfterScan(call, bit, range);
        }
    }

    /// <summary>The guess after calls that the kernel's own threads make, and those of an administrator.</summary>
    private Stage AfterScan(Call call, ulong bit, ulong range)
    {
        switch ((MmCall)call.Kind)
        {
            case MmCall.Reclaim:
                return this with
                {
                    Swapped = Swapped | (Touched & ~Warm & ~Active & ~Locked),
                    Active = Active | (Touched & Warm),
                    Warm = Warm & ~Touched,
                };
            case MmCall.Mlock:
                return this with
                {
                    Locked = Locked | (range & Mapped), Touched = Touched | (range & Mapped),
                    Swapped = Swapped & ~(range & Mapped),
                };
            case MmCall.Munlock:
                return this with { Locked = Locked & ~range };
            case MmCall.Age:
                return this with { Active = 0 };
            case MmCall.PageoutRange:
                ulong near = Neighbours(call);
                return this with { Swapped = Swapped | (near & Touched), Touched = Touched & ~near };
            case MmCall.Merge:
                ulong both = bit | 1UL << (call.C * PagesBits + call.D);
                return this with { Merged = Merged | both, Warm = Warm | both };
            case MmCall.Unmerge:
                return this with { Merged = Merged & ~range };
            case MmCall.Attach when (Offline & 1 << call.B) == 0:
                return this with
                {
                    Members = WithMember(call.A, call.B), Visited = (byte)(Visited | 1 << call.B),
                };
            case MmCall.Offline when call.A != 0:
                return this with { Offline = (byte)(Offline | 1 << call.A) };
            case MmCall.Poison:
                return this with { Poisoned = Poisoned | bit };
            case MmCall.Split:
                return this with { Apart = Apart | Neighbours(call) };
            case MmCall.Collapse when (Apart & bit) != 0:
                return this with { Apart = Apart & ~Neighbours(call), Swapped = Swapped & ~Neighbours(call) };
            case MmCall.Mremap or MmCall.Move:
                return Moved(call);
            case MmCall.GetPage:
                return this with { Spliced = Spliced | (bit & Touched) };
            case MmCall.PutPage:
                return this with { Spliced = Spliced & ~bit };
            default:
                return this;
        }
    }

    /// <summary>The memcgs that a process can go to, by bit.</summary>
    public int Elsewhere(int mm) => ((1 << Memcgs) - 1) & ~Offline & ~(1 << (Members >> (2 * mm) & 3));

    /// <summary>The memcgs that can be removed and have something charged to them, by bit.</summary>
    public int Vacant
    {
        get
        {
            int populated = 1 | Offline;
            for (int mm = 0; mm < MmsMax; mm++)
            {
                populated |= (Alive >> mm & 1) != 0 ? 1 << (Members >> (2 * mm) & 3) : 0;
            }

            return Visited & ~populated;
        }
    }

    /// <summary>A process number that is free, or -1.</summary>
    public int FreeMm(int mms)
    {
        for (int mm = 0; mm < mms; mm++)
        {
            if ((Alive >> mm & 1) == 0)
            {
                return mm;
            }
        }

        return -1;
    }

    private byte WithMember(int mm, int memcg) => (byte)((Members & ~(3 << (2 * mm))) | memcg << (2 * mm));

    /// <summary>The pages that a fault there may bring with it.</summary>
    private ulong Neighbours(Call call) =>
        ((1UL << Huge) - 1) << (call.A * PagesBits + (call.B & -Huge));

    private ulong AlivePages()
    {
        ulong pages = 0;
        for (int mm = 0; mm < MmsMax; mm++)
        {
            pages |= (Alive >> mm & 1) != 0 ? ((1UL << Pages) - 1) << (mm * PagesBits) : 0;
        }

        return pages;
    }

    /// <summary>Where the call would move pages to without a loss: what is mapped and empty, or what is not
    /// mapped.</summary>
    public ulong Rooms(MmCall kind, int mm) => kind switch
    {
        MmCall.Move => Mapped & ~Touched & ~Swapped & Of(mm),
        MmCall.Mremap => ~Mapped & AlivePages() & Of(mm),
        _ => 0,
    };

    private static ulong Of(int mm) => All << (mm * PagesBits);

    private ulong Movable()
    {
        ulong pages = 0;
        for (int mm = 0; mm < 64 / PagesBits; mm++)
        {
            pages |= Rooms(MmCall.Move, mm) != 0 ? (Touched | Swapped) & Of(mm) : 0;
        }

        return pages;
    }

    /// <summary>One page has gone from one address to another.</summary>
    private Stage Moved(Call call)
    {
        int from = call.A * PagesBits + call.B;
        int to = call.A * PagesBits + call.C;
        Stage after = Without((MmCall)call.Kind == MmCall.Mremap ? 1UL << from : 0) with
        {
            Mapped = (MmCall)call.Kind == MmCall.Mremap ? (Mapped & ~(1UL << from)) | 1UL << to : Mapped,
        };
        return after with
        {
            Touched = (Touched & ~(1UL << from)) | (Touched >> from & 1) << to,
            Swapped = (Swapped & ~(1UL << from)) | (Swapped >> from & 1) << to,
        };
    }

    private Stage Without(ulong bits) => this with
    {
        Mapped = Mapped & ~bits,
        Touched = Touched & ~bits,
        Swapped = Swapped & ~bits,
        Zeroed = Zeroed & ~bits,
        Merged = Merged & ~bits,
        ReadOnly = ReadOnly & ~bits,
        OfFile = OfFile & ~bits,
        Locked = Locked & ~bits,
    };

    private Stage Forked(int parent, int child)
    {
        static ulong Copy(ulong set, int from, int to) =>
            (set & ~(All << (to * PagesBits))) | ((set >> (from * PagesBits) & All) << (to * PagesBits));
        return this with
        {
            Alive = (byte)(Alive | 1 << child),
            Mapped = Copy(Mapped, parent, child),
            Touched = Copy(Touched, parent, child),
            Swapped = Copy(Swapped, parent, child),
            ReadOnly = Copy(ReadOnly, parent, child),
            Members = WithMember(child, Members >> (2 * parent) & 3),
            Zeroed = (Zeroed & ~Of(child)) | (Copy(Merged, parent, child) & Of(child)),
            Merged = Merged & ~Of(child),
            OfFile = Copy(OfFile, parent, child),
        };
    }
}
