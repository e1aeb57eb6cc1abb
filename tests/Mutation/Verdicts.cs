using System.Globalization;
using Conformance;
using Generators;
using Interleave;
using Mm.History;

namespace Tests.Mutation;

/// <summary>How much of what is wrong with an engine a real kernel's verdict notices: what it said is recorded, and
/// each engine is compared with that, call by call, with no law of ours.</summary>
internal static class Verdicts
{
    /// <summary>As 'fuzz conform' draws them.</summary>
    private const int CallsOfProgram = 42;

    private static global::Conformance.Release Kernel => global::Conformance.Release.Text;

    /// <summary>Judges the engine with each variant of the history alone.</summary>
    public static void OfVariants(string recording)
    {
        IReadOnlyList<Recorded> programs = Load(recording);
        int noticed = 0;
        foreach (Variant variant in VariantCatalog.All)
        {
            string? difference = Judge(programs, variant.Name);
            noticed += difference is null ? 0 : 1;
            Console.WriteLine($"{variant.Name,-34} {difference ?? "agrees"}");
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{noticed} of {VariantCatalog.All.Count} variants are noticed"));
    }

    /// <summary>How many of the history's variants calls in a row can show at all, in anything that is compared with a
    /// kernel: each is run beside the engine without it, as if it were the kernel.</summary>
    /// <param name="programs">Random programs, at most.</param>
    public static void OfSequences(int programs)
    {
        (string Name, string? Difference)[] seen =
        [
            .. VariantCatalog.All.AsParallel().AsOrdered().Select(
                variant => (variant.Name, FirstDifference(variant.Name, programs))),
        ];
        foreach ((string name, string? difference) in seen)
        {
            Console.WriteLine($"{name,-34} {difference ?? "never differs"}");
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{seen.Count(each => each.Difference is not null)} of {seen.Length} variants differ"));
    }

    /// <summary>The first difference that the engine as it is now shows, or null.</summary>
    public static string? OfLiving(IEnumerable<Recorded> programs) => Judge(programs);

    /// <summary>The programs of a recording.</summary>
    /// <exception cref="InvalidOperationException">The engine as it is does not agree with all of it.</exception>
    public static IReadOnlyList<Recorded> Load(string recording)
    {
        IReadOnlyList<Recorded> programs = Recording.Load(recording);
        return Judge(programs) is { } difference
            ? throw new InvalidOperationException($"{recording}: the engine as it is differs: {difference}")
            : programs;
    }

    private static string? FirstDifference(string variant, int programs)
    {
        SequentialSource source = new(
            call => CallMapping.Of(call).AppliesTo(Kernel), CallsOfProgram, Worlds.Small | Worlds.Large);
        using EngineSide engine = new(judged: false, Kernel.Variants);
        using EngineSide wrong = new(judged: false, VariantCatalog.Replace(Kernel.Variants, [variant]));
        Conformer conformer = new(engine, wrong, new Comparison(Kernel));
        for (int number = 0; number < programs; number++)
        {
            if (conformer.Run(source.Fresh(new Rng((ulong)number))).Difference is { } difference)
            {
                return $"program {number}: {difference.Signature}";
            }
        }

        return null;
    }

    /// <summary>The engine as it is asked about that kernel, with variants on top.</summary>
    private static string? Judge(IEnumerable<Recorded> programs, params string[] variants)
    {
        using EngineSide engine = new(judged: false, VariantCatalog.Replace(Kernel.Variants, variants));
        return RecordedSide.Judge(engine, programs, Kernel);
    }
}
