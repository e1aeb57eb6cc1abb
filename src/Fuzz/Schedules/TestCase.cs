using Fuzz.Programs;

namespace Fuzz.Schedules;

/// <summary>What a campaign keeps, mutates and exchanges: a program, and how its lanes shall be interleaved.</summary>
/// <param name="Program">The program.</param>
/// <param name="Schedule">The turns by which it begins, followed leniently; may be empty.</param>
/// <param name="Rest">How it goes on after them; null for a way that the program and the turns determine.</param>
public sealed record TestCase(Program Program, Schedule Schedule, Rest? Rest = null);

/// <summary>A scheduler and its seed.</summary>
/// <param name="Depth">Of PCT, up to <see cref="DepthMax"/>; 0 for a random walk.</param>
/// <param name="Seed">Of its random numbers.</param>
public readonly record struct Rest(int Depth, uint Seed)
{
    /// <summary>Greatest depth.</summary>
    public const int DepthMax = 5;
}
