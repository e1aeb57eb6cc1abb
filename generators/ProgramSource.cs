using FsCheck;
using FsCheck.Fluent;
using Fuzz.Campaign;
using Fuzz.Programs;
using Interleave;

namespace Generators;

/// <summary>The generators as the campaign asks for them: a program for each draw, from the campaign's own random
/// numbers.</summary>
/// <remarks>
/// A taste is drawn by FsCheck once for a few programs: the draw costs as much as some ten executions. Not thread-safe;
/// the programs depend on the numbers drawn since it was made, so each worker has its own.
/// </remarks>
public sealed class ProgramSource : IProgramSource
{
    private const int ProgramsPerTaste = 8;
    private const int Size = 50;

    private Taste? taste;
    private int left;

    /// <inheritdoc />
    public Program Fresh(Rng rng)
    {
        if (left-- == 0 || taste is null)
        {
            taste = Taste.Any.Sample(Size, new Rnd(rng.NextUInt64()), 1)[0];
            left = ProgramsPerTaste - 1;
        }

        return ProgramWriter.Write(taste, rng);
    }
}
