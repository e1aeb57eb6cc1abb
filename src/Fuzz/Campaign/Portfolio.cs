using Fuzz.Schedules;
using Interleave;

namespace Fuzz.Campaign;

/// <summary>The ways in which the schedules of one program are drawn, in turn: random walk, and PCT at depths 1 to 4.</summary>
/// <remarks>Most races need one to three ordering constraints, which PCT meets with a known probability; the random walk
/// finds those that need many switches. Nobody knows beforehand which it will be, so each gets its share.</remarks>
public sealed class Portfolio
{
    private readonly IScheduler[] schedulers;

    /// <summary>A portfolio that draws from one stream.</summary>
    public Portfolio(Rng rng)
    {
        RandomScheduler walk = new(rng);
        schedulers =
        [
            walk, new PctScheduler(2, rng), walk, new PctScheduler(3, rng), new PctScheduler(1, rng),
            new PctScheduler(4, rng),
        ];
    }

    /// <summary>The scheduler of the n-th execution of a program (from 0).</summary>
    public IScheduler this[int execution] => schedulers[execution % schedulers.Length];
}
