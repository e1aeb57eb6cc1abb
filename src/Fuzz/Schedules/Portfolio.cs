using Interleave;

namespace Fuzz.Schedules;

/// <summary>The schedulers that a campaign rotates through, one for each execution of a program.</summary>
/// <remarks>
/// Mostly PCT: the windows of these races stay open while another lane runs whole calls, and a random walk, which
/// switches at every other step, hardly ever lets it. One execution in eight is a random walk, for the races that need
/// many switches.
/// </remarks>
public sealed class Portfolio
{
    private readonly PctScheduler[] pcts;
    private readonly IScheduler[] rotation;

    /// <summary>A portfolio on one stream of random numbers.</summary>
    public Portfolio(Rng rng)
    {
        PctScheduler shallow = new(2, rng);
        PctScheduler middle = new(3, rng);
        PctScheduler deep = new(5, rng);
        pcts = [shallow, middle, deep];
        rotation = [shallow, middle, shallow, new RandomScheduler(rng), shallow, middle, deep, middle];
    }

    /// <summary>Another program comes.</summary>
    public void NewProgram()
    {
        foreach (PctScheduler pct in pcts)
        {
            pct.NewProgram();
        }
    }

    /// <summary>The scheduler for the program's execution number <paramref name="execution"/>, from 0.</summary>
    public IScheduler For(int execution) => rotation[execution % rotation.Length];
}
