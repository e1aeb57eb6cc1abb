using FsCheck.Fluent;
using FsCheck;
using Fuzz.Campaign;
using Fuzz.Programs;
using Interleave;

namespace Generators;

/// <summary>Programs without lanes, made of some of the calls only: for whoever can make one call after another, as on
/// a real kernel.</summary>
/// <remarks>Each draw takes a taste of its own, so that a program depends on the numbers drawn for it alone.</remarks>
/// <param name="allowed">The calls that may occur.</param>
/// <param name="calls">Calls of a program.</param>
public sealed class SequentialSource(Func<MmCall, bool> allowed, int calls) : IProgramSource
{
    private const int Size = 50;
    private const int PagesMin = 2;
    private const int PagesMax = 8;
    private const int SlotsMany = 16;
    private const int SlotsFew = 2;

    /// <inheritdoc />
    public Program Fresh(Rng rng)
    {
        Taste taste = Taste.Any.Sample(Size, new Rnd(rng.NextUInt64()), 1)[0];
        int[] shape = [.. taste.Shape];

        // What can be had in a guest: a swap device that is done when it returns, small folios, files of shmem.
        shape[MmLanguage.Device] = 1;
        shape[MmLanguage.Thp] = 0;
        shape[MmLanguage.FileType] = 0;
        shape[MmLanguage.Memcgs] = 1;
        shape[MmLanguage.Pages] = PagesMin + rng.Next(PagesMax - PagesMin + 1);
        shape[MmLanguage.Slots] = rng.Next(3) > 0 ? SlotsMany : SlotsFew + rng.Next(SlotsMany - SlotsFew);
        Taste restricted = taste with
        {
            Shape = shape,
            SetupWeights = Restrict(taste.SetupWeights),
            Weights = Restrict(taste.Weights),
            HotPage = rng.Next(shape[MmLanguage.Pages]),
        };
        return ProgramWriter.WriteAlone(restricted, rng, calls);
    }

    private int[] Restrict(int[] weights) =>
        [.. weights.Select((weight, kind) => allowed((MmCall)kind) ? weight : 0)];
}
