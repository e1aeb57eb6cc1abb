using FsCheck;
using FsCheck.Fluent;
using Fuzz.Programs;

namespace Generators;

/// <summary>FsCheck generators of programs of the folio engine: shape, swarm, setup, lanes.</summary>
public static class Programs
{
    private const int SetupMax = 9;

    private static readonly Language Mm = MmLanguage.Instance;

    private static readonly Gen<int[]> Shape =
        from mms in Gen.Frequency((2, Gen.Constant(1)), (5, Gen.Constant(2)), (2, Gen.Constant(3)), (1, Gen.Constant(4)))
        from pages in Gen.Frequency((4, Gen.Constant(1)), (3, Gen.Constant(2)), (1, Gen.Constant(3)), (1, Gen.Constant(4)))
        from slots in Gen.Frequency((2, Gen.Constant(1)), (3, Gen.Constant(2)), (2, Gen.Constant(3)), (1, Gen.Constant(6)))
        from device in Gen.Choose(0, 1)
        select new[] { mms, pages, slots, device };

    private static readonly Gen<int> Lanes = Gen.Frequency(
        (1, Gen.Constant(1)), (12, Gen.Constant(2)), (5, Gen.Constant(3)), (2, Gen.Constant(4)));

    private static readonly Gen<int> LaneLength = Gen.Frequency(
        (9, Gen.Constant(1)), (6, Gen.Constant(2)), (3, Gen.Constant(3)), (2, Gen.Constant(4)));

    /// <summary>A random program.</summary>
    public static Gen<Program> Program { get; } =
        from shape in Shape
        from swarm in Swarm.Of(shape[MmLanguage.Pages])
        from setupLength in Gen.Choose(1, SetupMax)
        from setup in Calls(shape, swarm, Stage.First(shape[MmLanguage.Pages]), setupLength, concurrent: false)
        from lanes in Lanes
        from cpus in (from length in LaneLength
                      from calls in Calls(shape, swarm, setup.Stage, length, concurrent: true)
                      select calls.Calls).ArrayOf(lanes)
        select new Program(Mm, shape, setup.Calls, cpus);

    private static Gen<(Call[] Calls, Stage Stage)> Calls(
        int[] shape, Swarm swarm, Stage stage, int length, bool concurrent)
    {
        Gen<(Call[] Calls, Stage Stage)> Grow(Call[] sofar, Stage now) =>
            sofar.Length == length
                ? Gen.Constant((sofar, now))
                : Next(shape, swarm, now, concurrent).SelectMany(call => Grow([.. sofar, call], now.After(call)));
        return Grow([], stage);
    }

    private static Gen<Call> Next(int[] shape, Swarm swarm, Stage stage, bool concurrent)
    {
        int count = Mm.Calls.Count;
        int[] weights = new int[count];
        int total = 0;
        for (int kind = 0; kind < count; kind++)
        {
            int weight = concurrent ? swarm.Weights[kind] : swarm.SetupWeight(kind);
            total += stage.Targets((MmCall)kind, shape[MmLanguage.Mms]) == 0 ? 0 : weight;
            weights[kind] = total;
        }

        if (total == 0)
        {
            // Nothing to do that this program has a taste for: a store on any page makes something to do it with.
            return Target(swarm, AnyPage(shape)).Select(t => Clamp(shape, MmCall.Write, t, 1));
        }

        return from drawn in Gen.Choose(0, total - 1)
               let kind = (MmCall)Array.FindIndex(weights, w => drawn < w)
               from target in Target(swarm, stage.Targets(kind, shape[MmLanguage.Mms]))
               from number in Gen.Choose(1, 4)
               select Make(shape, stage, kind, target, number);
    }

    /// <summary>One of the targets, the hot page three times out of four.</summary>
    private static Gen<int> Target(Swarm swarm, int targets)
    {
        if (targets <= 0)
        {
            return Gen.Constant(0);
        }

        List<int> hot = [];
        List<int> all = [];
        for (int bit = 0; bit < 16; bit++)
        {
            if ((targets >> bit & 1) != 0)
            {
                all.Add(bit);
                if (bit % 4 == swarm.HotPage)
                {
                    hot.Add(bit);
                }
            }
        }

        return Gen.Choose(0, 4 * all.Count - 1).Select(
            drawn => hot.Count > 0 && drawn % 4 != 0 ? hot[drawn / 4 % hot.Count] : all[drawn / 4]);
    }

    private static Call Make(int[] shape, Stage stage, MmCall kind, int target, int number)
    {
        if (kind == MmCall.Fork)
        {
            return InRange(shape, new Call((byte)kind, (byte)(target / 4), (byte)stage.FreeMm(shape[MmLanguage.Mms])));
        }

        return Clamp(shape, kind, target, number);
    }

    private static Call Clamp(int[] shape, MmCall kind, int target, int number)
    {
        bool addressed = Mm.Calls[(int)kind].Parameters is [{ IsIdentifier: true }, ..];
        return addressed
            ? InRange(shape, new Call((byte)kind, (byte)(target / 4), (byte)(target % 4), (byte)number))
            : InRange(shape, new Call((byte)kind, (byte)number));
    }

    private static Call InRange(int[] shape, Call call) => Fuzz.Programs.Program.Clamp(Mm, shape, call);

    private static int AnyPage(int[] shape) => (1 << shape[MmLanguage.Pages]) - 1;
}
