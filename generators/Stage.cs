using System.Numerics;
using Fuzz.Programs;

namespace Generators;

/// <summary>What a generated program has probably done so far: just enough for most calls to find something to
/// do.</summary>
/// <remarks>
/// A guess, not a model: bit 4*mm+page of each set. Nothing depends on its being right, since an impossible call is a
/// no-op.
/// </remarks>
/// <param name="Pages">Pages of each process.</param>
/// <param name="Mapped">Pages that a VMA covers.</param>
/// <param name="Touched">Pages that hold a folio.</param>
/// <param name="Swapped">Pages that may be in swap.</param>
/// <param name="Pinned">Pages that a device has pinned.</param>
/// <param name="Alive">Processes that exist, by bit.</param>
/// <param name="SwapOn">Whether the swap device is in use.</param>
public readonly record struct Stage(
    byte Pages, ushort Mapped, ushort Touched, ushort Swapped, ushort Pinned, byte Alive, bool SwapOn)
{
    private const int PagesBits = 4;

    /// <summary>The world before the first call: mm0 maps all its pages.</summary>
    public static Stage First(int pages) => new((byte)pages, (ushort)((1 << pages) - 1), 0, 0, 0, 1, true);

    /// <summary>The (mm, page) pairs, or mms, that the call would find something to do with, as a bit set; -1 for "no
    /// target needed".</summary>
    public int Targets(MmCall kind, int mms) => kind switch
    {
        MmCall.Read or MmCall.Write or MmCall.Pin or MmCall.PinWrite => Mapped,
        MmCall.Readahead => Swapped,
        MmCall.Pageout or MmCall.Migrate => Touched,
        MmCall.DontNeed or MmCall.Munmap => Touched | Swapped,
        MmCall.Map => AlivePages() & ~Mapped,
        MmCall.Dma or MmCall.Unpin => Pinned,
        MmCall.Fork => Alive != (1 << mms) - 1 ? Touched | Swapped : 0,
        MmCall.Exit => BitOperations.PopCount(Alive) > 1 ? Mapped : 0,
        MmCall.Swapoff => SwapOn && Swapped != 0 ? -1 : 0,
        MmCall.Swapon => SwapOn ? 0 : -1,
        _ => (Touched | Swapped) != 0 ? -1 : 0,
    };

    /// <summary>The guess after a call.</summary>
    public Stage After(Call call)
    {
        int bit = 1 << (call.A * PagesBits + call.B);
        int range = ((1 << call.C) - 1) << (call.A * PagesBits + call.B);
        int all = 0xF << (call.A * PagesBits);
        switch ((MmCall)call.Kind)
        {
            case MmCall.Read when (Swapped & bit) != 0:
            case MmCall.Write:
            case MmCall.PinWrite:
                return this with
                {
                    Touched = (ushort)(Touched | bit),
                    Swapped = (ushort)(Swapped & ~bit),
                    Pinned = (ushort)((MmCall)call.Kind == MmCall.PinWrite ? Pinned | bit : Pinned),
                };
            case MmCall.Pin:
                return this with { Pinned = (ushort)(Pinned | (bit & Touched)) };
            case MmCall.Unpin:
                return this with { Pinned = (ushort)(Pinned & ~bit) };
            case MmCall.Pageout:
                return this with { Swapped = (ushort)(Swapped | bit), Touched = (ushort)(Touched & ~bit) };
            case MmCall.Reclaim:
                return this with { Swapped = (ushort)(Swapped | Touched) };
            case MmCall.DontNeed:
                return this with { Touched = (ushort)(Touched & ~range), Swapped = (ushort)(Swapped & ~range) };
            case MmCall.Munmap:
                return Without(range);
            case MmCall.Map:
                return this with { Mapped = (ushort)(Mapped | (range & all)) };
            case MmCall.Exit:
                return Without(all) with { Alive = (byte)(Alive & ~(1 << call.A)) };
            case MmCall.Fork:
                return Forked(call.A, call.B);
            case MmCall.Swapoff:
                return this with { Touched = (ushort)(Touched | Swapped), Swapped = 0, SwapOn = false };
            case MmCall.Swapon:
                return this with { SwapOn = true };
            default:
                return this;
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

    private int AlivePages()
    {
        int pages = 0;
        for (int mm = 0; mm < PagesBits; mm++)
        {
            pages |= (Alive >> mm & 1) != 0 ? ((1 << Pages) - 1) << (mm * PagesBits) : 0;
        }

        return pages;
    }

    private Stage Without(int bits) => this with
    {
        Mapped = (ushort)(Mapped & ~bits),
        Touched = (ushort)(Touched & ~bits),
        Swapped = (ushort)(Swapped & ~bits),
    };

    private Stage Forked(int parent, int child)
    {
        static ushort Copy(ushort set, int from, int to) =>
            (ushort)((set & ~(0xF << (to * PagesBits))) | ((set >> (from * PagesBits) & 0xF) << (to * PagesBits)));
        return this with
        {
            Alive = (byte)(Alive | 1 << child),
            Mapped = Copy(Mapped, parent, child),
            Touched = Copy(Touched, parent, child),
            Swapped = Copy(Swapped, parent, child),
        };
    }
}
