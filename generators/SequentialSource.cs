using FsCheck.Fluent;
using FsCheck;
using Fuzz.Campaign;
using Fuzz.Programs;
using Interleave;

namespace Generators;

/// <summary>Worlds that programs without lanes are drawn for.</summary>
[Flags]
public enum Worlds
{
    /// <summary>Faults allocate small folios only.</summary>
    Small = 1,

    /// <summary>Faults allocate large folios, too.</summary>
    Large = 2,
}

/// <summary>Programs without lanes, made of some of the calls only: for whoever can make one call after another, as on
/// a real kernel.</summary>
/// <remarks>Each draw takes a taste of its own, so that a program depends on the numbers drawn for it alone.</remarks>
/// <param name="allowed">The calls that may occur.</param>
/// <param name="calls">Calls of a program.</param>
/// <param name="worlds">The worlds that may occur; of both, one in four has large folios.</param>
public sealed class SequentialSource(Func<MmCall, bool> allowed, int calls, Worlds worlds = Worlds.Small)
    : IProgramSource
{
    private const int Size = 50;
    private const int PagesMin = 2;
    private const int PagesMax = 8;
    private const int SlotsMany = 16;
    private const int SlotsFew = 2;
    private const int AsyncEvery = 4;
    private const int LargeEvery = 4;

    /// <summary>Tables of a process with large folios, and of all processes together.</summary>
    private const int TablesMax = 2;
    private const int AllTablesMax = 4;

    /// <summary>Least weights of calls that are about large folios.</summary>
    private static readonly (MmCall Call, int Weight)[] AboutLarge =
    [
        (MmCall.Split, 2), (MmCall.ShrinkThp, 2), (MmCall.Collapse, 3), (MmCall.PageoutRange, 2), (MmCall.Munmap, 2),
        (MmCall.Fork, 2), (MmCall.DontNeed, 3),
    ];

    /// <inheritdoc />
    public Program Fresh(Rng rng)
    {
        Taste taste = Taste.Any.Sample(Size, new Rnd(rng.NextUInt64()), 1)[0];
        int[] shape = [.. taste.Shape];

        shape[MmLanguage.Thp] = 0;
        int[] weights = [.. taste.Weights];
        if (worlds == Worlds.Large || (worlds.HasFlag(Worlds.Large) && rng.Next(LargeEvery) == 0))
        {
            MakeLarge(shape, rng);
            foreach ((MmCall call, int weight) in AboutLarge)
            {
                weights[(int)call] = Math.Max(weights[(int)call], weight);
            }
        }
        else
        {
            // Mostly a swap device that is done when it returns: a page that stays in the swap cache is soon the same
            // as one that never left.
            shape[MmLanguage.Device] = rng.Next(AsyncEvery) == 0 ? 0 : 1;
            shape[MmLanguage.Pages] = PagesMin + rng.Next(PagesMax - PagesMin + 1);
            shape[MmLanguage.Slots] = rng.Next(3) > 0 ? SlotsMany : SlotsFew + rng.Next(SlotsMany - SlotsFew);
        }

        Taste restricted = taste with
        {
            Shape = shape,
            SetupWeights = Restrict(taste.SetupWeights),
            Weights = Restrict(weights),
            HotPage = rng.Next(shape[MmLanguage.Pages]),
        };
        return ProgramWriter.WriteAlone(restricted, rng, calls);
    }

    /// <summary>Three of four have room for whole PMD entries, the others for folios of smaller orders only.</summary>
    private static void MakeLarge(int[] shape, Rng rng)
    {
        // All else is as simple as it can be.
        shape[MmLanguage.Device] = 1;
        shape[MmLanguage.FileType] = 0;
        shape[MmLanguage.Memcgs] = 1;
        ShapeField pmd = MmLanguage.Instance.Shape[MmLanguage.Pmd];
        shape[MmLanguage.Slots] = SlotsMany;
        if (rng.Next(4) == 0)
        {
            shape[MmLanguage.Thp] = 2;
            shape[MmLanguage.Pmd] = pmd.Max;
            shape[MmLanguage.Pages] = 4 + rng.Next((1 << pmd.Max) - 4);
            return;
        }

        shape[MmLanguage.Thp] = 1 + rng.Next(2);
        shape[MmLanguage.Pmd] = pmd.Min + rng.Next(pmd.Max - pmd.Min + 1);
        int table = 1 << shape[MmLanguage.Pmd];
        int room = Math.Min(TablesMax * table, MmLanguage.Instance.Shape[MmLanguage.Pages].Max);
        shape[MmLanguage.Pages] = table + rng.Next(room - table + 1);
        shape[MmLanguage.Mms] = Math.Min(shape[MmLanguage.Mms], AllTablesMax * table / shape[MmLanguage.Pages]);
    }

    private int[] Restrict(int[] weights) =>
        [.. weights.Select((weight, kind) => allowed((MmCall)kind) ? weight : 0)];
}
