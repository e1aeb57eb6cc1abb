using FsCheck;
using FsCheck.Fluent;
using Fuzz.Campaign;
using Fuzz.Programs;
using Interleave;

namespace Generators;

/// <summary>The generators as the campaign asks for them: a program for each draw, from the campaign's own random numbers.</summary>
public sealed class ProgramSource : IProgramSource
{
    private const int Size = 50;

    /// <inheritdoc />
    public Program Fresh(Rng rng) => Programs.Program.Sample(Size, new Rnd(rng.NextUInt64()), 1)[0];
}
