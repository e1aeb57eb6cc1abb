using System.Numerics;
using Fuzz.Programs;
using Interleave;

namespace Generators;

/// <summary>Writes programs of one taste: setup, then lanes, each call aimed at something it will probably
/// find.</summary>
/// <remarks>
/// Plain code on an <see cref="Rng"/> rather than a chain of FsCheck binds, one for each argument: such a chain was
/// measured at about 1 ms and 1.2 MB a program, two hundred times what an execution costs.
/// </remarks>
public static class ProgramWriter
{
    /// <summary>One call in this many ignores what it could find, so that the unexpected is tried too.</summary>
    private const int WildEvery = 12;

    private const int SetupMin = 2;

    /// <summary>How many of four programs have a call of their topics in a lane for certain.</summary>
    private const int Focus = 2;

    /// <summary>How often a poor call is drawn again; in a lane once less.</summary>
    private const int Redraws = 2;

    private static readonly Language Mm = MmLanguage.Instance;

    /// <summary>A random program.</summary>
    public static Program Write(Taste taste, Rng rng)
    {
        Stage stage = Begin(taste);
        Call[] setup = new Call[SetupMin + rng.Next(taste.SetupMax - SetupMin + 1)];
        Fill(setup, taste, rng, ref stage, concurrent: false);

        // Two lanes in twelve of twenty programs: most races are between two, and they are the quickest to search.
        int drawn = rng.Next(20);
        int user = rng.Next(8) < taste.Users ? 1 : 0;
        int lanes = drawn < 1 ? 1 : drawn < 13 ? 2 : drawn < 18 ? 3 : 4;
        Call[][] cpus = new Call[Math.Min(user + lanes, Mm.CpusMax)][];
        if (user > 0)
        {
            cpus[0] = Use(setup, taste, rng, ref stage);
        }

        // What the family is about happens while others run, mostly, and not in the setup only.
        int about = rng.Next(4) < Focus ? user + rng.Next(cpus.Length - user) : -1;
        for (int i = user; i < cpus.Length; i++)
        {
            Stage own = stage;

            // Half of the lanes are one call: the victim, whose window others must fall into with several calls.
            cpus[i] = new Call[rng.Next(2) == 0 ? 1 : 1 + rng.Next(taste.LaneMax)];
            Fill(cpus[i], taste, rng, ref own, concurrent: true, i == about ? rng.Next(cpus[i].Length) : -1);
        }

        return new Program(Mm, taste.Shape, setup, cpus);
    }

    /// <summary>A random program without lanes: calls one after another, the first third as in setups.</summary>
    /// <param name="taste">What it is made of.</param>
    /// <param name="rng">Where the choices come from.</param>
    /// <param name="count">Number of calls.</param>
    public static Program WriteAlone(Taste taste, Rng rng, int count)
    {
        Stage stage = Begin(taste);
        Call[] first = new Call[count / 3];
        Fill(first, taste, rng, ref stage, concurrent: false);
        Call[] rest = new Call[count - first.Length];
        Fill(rest, taste, rng, ref stage, concurrent: true);
        return new Program(Mm, taste.Shape, [.. first, .. rest], []);
    }

    /// <summary>
    /// A thread that goes on using what it has used: the setup, which runs on the same cpu, ends with a store, so that
    /// the lane begins with a translation that it may never have to look up again.
    /// </summary>
    private static Call[] Use(Call[] setup, Taste taste, Rng rng, ref Stage stage)
    {
        int target = stage.Mapped == 0 ? 0 : Pick(taste, rng, stage.Mapped);
        Call store = Program.Clamp(
            Mm, taste.Shape,
            new Call((byte)MmCall.Write, (byte)(target / Stage.PagesBits), (byte)(target % Stage.PagesBits)));
        setup[^1] = store;
        stage = stage.After(store);
        Call[] calls = new Call[1 + rng.Next(2)];
        Array.Fill(calls, store);
        if (rng.Next(4) == 0)
        {
            calls[^1] = new Call((byte)MmCall.Read, store.A, store.B);
        }

        return calls;
    }

    private static Stage Begin(Taste taste)
    {
        int huge = taste.Shape[MmLanguage.Thp] == 0 ? 1 : 1 << taste.Shape[MmLanguage.Pmd];
        return Stage.First(
            taste.Shape[MmLanguage.Pages], taste.Shape[MmLanguage.Memcgs], huge, taste.Shape[MmLanguage.FilePages],
            taste.Shape[MmLanguage.FileType] == 1, taste.Shape[MmLanguage.Thp] == 2);
    }

    private static void Fill(Call[] calls, Taste taste, Rng rng, ref Stage stage, bool concurrent, int about = -1)
    {
        for (int i = 0; i < calls.Length; i++)
        {
            int[] weights = !concurrent ? taste.SetupWeights : i == about ? taste.TopicWeights : taste.Weights;
            calls[i] = Next(taste, rng, stage, weights);
            for (int redraw = concurrent ? 1 : 0; redraw < Redraws && IsPoor(calls[i], stage, concurrent); redraw++)
            {
                calls[i] = Next(taste, rng, stage, weights);
            }

            stage = stage.After(calls[i]);
        }
    }

    /// <summary>
    /// Whether a call seems to change nothing, or, in a setup, brings back or drops what is in swap: the races are
    /// about pages on their way, and it takes calls to get them there.
    /// </summary>
    private static bool IsPoor(Call call, Stage stage, bool concurrent)
    {
        Stage after = stage.After(call);
        return after == stage || (!concurrent && (stage.Swapped & ~after.Swapped) != 0);
    }

    private static Call Next(Taste taste, Rng rng, Stage stage, int[] weights)
    {
        int mms = taste.Shape[MmLanguage.Mms];
        bool wild = rng.Next(WildEvery) == 0;
        Span<int> upTo = stackalloc int[Mm.Calls.Count];
        int total = 0;
        for (int kind = 0; kind < upTo.Length; kind++)
        {
            if (wild || stage.Targets((MmCall)kind, mms) != 0)
            {
                total += weights[kind];
            }

            upTo[kind] = total;
        }

        if (total == 0)
        {
            // Nothing to do that this program has a taste for: a store makes something to do it with.
            return Make(taste, rng, stage, MmCall.Write, Stage.Anywhere);
        }

        int drawn = rng.Next(total);
        int chosen = 0;
        while (upTo[chosen] <= drawn)
        {
            chosen++;
        }

        return Make(taste, rng, stage, (MmCall)chosen, wild ? Stage.Anywhere : stage.Targets((MmCall)chosen, mms));
    }

    /// <summary>
    /// The first process and page that the call names are the target; all else is drawn evenly from what is valid.
    /// </summary>
    private static Call Make(Taste taste, Rng rng, Stage stage, MmCall kind, ulong targets)
    {
        int mms = taste.Shape[MmLanguage.Mms];
        int pages = taste.Shape[MmLanguage.Pages];
        int target = targets is not (0 or Stage.Anywhere)
            ? Pick(taste, rng, targets)
            : rng.Next(mms) * Stage.PagesBits + (rng.Next(4) < taste.Heat ? taste.HotPage : rng.Next(pages));
        if (kind == MmCall.Fork)
        {
            int child = stage.FreeMm(mms);
            return new Call(
                (byte)kind, (byte)(target / Stage.PagesBits), (byte)(child < 0 ? rng.Next(mms) : child));
        }

        if (MakePair(taste, rng, stage, kind, target) is { } pair)
        {
            return Program.Clamp(Mm, taste.Shape, pair);
        }

        Call call = new((byte)kind);
        Parameter[] parameters = Mm.Calls[(int)kind].Parameters;
        bool mmTaken = false;
        bool pageTaken = false;
        for (int i = 0; i < parameters.Length; i++)
        {
            Parameter parameter = parameters[i];
            int value;
            if (parameter.Bound == MmLanguage.Mms && !mmTaken)
            {
                mmTaken = true;
                value = target / Stage.PagesBits;
            }
            else if (parameter.Bound == MmLanguage.Pages && !pageTaken)
            {
                pageTaken = true;
                value = target % Stage.PagesBits;
            }
            else if (parameter.Bound == MmLanguage.Memcgs && rng.Next(WildEvery) != 0)
            {
                value = PickBit(rng, kind == MmCall.Attach ? stage.Elsewhere(call.A) : stage.Vacant);
            }
            else
            {
                // A file has no more pages than its first size.
                value = kind == MmCall.Truncate && i == 1 ? rng.Next(taste.Shape[MmLanguage.FilePages] + 1)
                    : parameter.IsIdentifier ? rng.Next(taste.Shape[parameter.Bound])
                    : parameter.Min + rng.Next(parameter.Max - parameter.Min + 1);
            }

            call = call.With(i, (byte)value);
        }

        return Program.Clamp(Mm, taste.Shape, call);
    }

    private static int PickBit(Rng rng, int bits)
    {
        for (int skip = bits == 0 ? 0 : rng.Next(BitOperations.PopCount((uint)bits)); skip > 0; skip--)
        {
            bits &= bits - 1;
        }

        return bits == 0 ? 0 : BitOperations.TrailingZeroCount(bits);
    }

    /// <summary>A call that needs a second page of a certain sort, if there is one.</summary>
    private static Call? MakePair(Taste taste, Rng rng, Stage stage, MmCall kind, int target)
    {
        byte mm = (byte)(target / Stage.PagesBits);
        byte page = (byte)(target % Stage.PagesBits);
        if (kind == MmCall.Merge && (stage.Zeroed & ~(1UL << target)) != 0)
        {
            int other = Pick(taste, rng, stage.Zeroed & ~(1UL << target));
            return new Call((byte)kind, mm, page, (byte)(other / Stage.PagesBits), (byte)(other % Stage.PagesBits));
        }

        if (stage.Rooms(kind, mm) is not 0 and var rooms && (kind == MmCall.Move || rng.Next(2) == 0))
        {
            int to = Pick(taste, rng, rooms) % Stage.PagesBits;
            int count = 1 + rng.Next(Mm.Calls[(int)kind].Parameters[^1].Max);
            return new Call((byte)kind, mm, page, (byte)to, (byte)count);
        }

        return null;
    }

    /// <summary>One of the targets, the hot page as often as the taste has it.</summary>
    private static int Pick(Taste taste, Rng rng, ulong targets)
    {
        ulong hot = targets & (0x0001_0001_0001_0001UL << taste.HotPage);
        ulong from = hot != 0 && rng.Next(4) < taste.Heat ? hot : targets;
        for (int skip = rng.Next(BitOperations.PopCount(from)); skip > 0; skip--)
        {
            from &= from - 1;
        }

        return BitOperations.TrailingZeroCount(from);
    }
}
