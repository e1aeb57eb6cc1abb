using Fuzz.Programs;
using Interleave;

namespace Tests.Toys;

/// <summary>Well-formed random programs of any language, small enough to differ in few places.</summary>
internal static class RandomPrograms
{
    public static Program Draw(Language language, Rng rng, int callsMax = 6)
    {
        int[] shape = [.. language.Shape.Select(field => Value(field, rng))];
        Call[][] cpus = new Call[1 + rng.Next(language.CpusMax)][];
        for (int i = 0; i < cpus.Length; i++)
        {
            cpus[i] = Calls(language, rng, 1 + rng.Next(callsMax));
        }

        return new Program(language, shape, Calls(language, rng, rng.Next(callsMax + 1)), cpus).Clamped();
    }

    /// <summary>The same program with one call or one number of the shape drawn anew: a neighbour in the
    /// order.</summary>
    public static Program Neighbour(Program program, Rng rng)
    {
        Language language = program.Language;
        int[] shape = [.. program.Shape];
        Call[][] cpus = [.. program.Cpus.Select(lane => (Call[])lane.Clone())];
        if (rng.Chance(1, 4))
        {
            int field = rng.Next(shape.Length);
            shape[field] = Value(language.Shape[field], rng);
        }
        else
        {
            Call[] lane = cpus[rng.Next(cpus.Length)];
            lane[rng.Next(lane.Length)] = Calls(language, rng, 1)[0];
        }

        return new Program(language, shape, program.Setup, cpus).Clamped();
    }

    private static int Value(ShapeField field, Rng rng) => field.Min + rng.Next(field.Max - field.Min + 1);

    private static Call[] Calls(Language language, Rng rng, int count)
    {
        Call[] calls = new Call[count];
        for (int i = 0; i < count; i++)
        {
            calls[i] = new Call(
                (byte)rng.Next(language.Calls.Count), (byte)rng.Next(256), (byte)rng.Next(256), (byte)rng.Next(256));
        }

        return calls;
    }
}
