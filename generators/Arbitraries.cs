using FsCheck;
using FsCheck.Fluent;
using Fuzz.Programs;
using Fuzz.Shrinking;

namespace Generators;

/// <summary>What <c>[Property(Arbitrary = [typeof(Arbitraries)])]</c> needs to draw and to shrink programs.</summary>
/// <remarks>
/// There is one shrinker: FsCheck brings only its loop (the first simpler program that fails, again and again), the
/// programs it tries are those of <see cref="Shrinker.Simpler"/>.
/// </remarks>
public static class Arbitraries
{
    /// <summary>Random programs of the folio engine.</summary>
    public static Arbitrary<Program> AnyProgram() => Arb.From(Programs.Program, Shrinker.Simpler);
}
