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
    /// <summary>Least executions of a program with any place to preempt at.</summary>
    private const int Few = 4;

    /// <summary>Most executions of a program: another program shows more than another schedule.</summary>
    private const int Many = 12;

    /// <summary>Places to preempt at for which a program gets an execution.</summary>
    private const int PlacesPerExecution = 6;

    /// <summary>One turn of the rotation: depths of PCT, 0 for a random walk.</summary>
    internal static readonly int[] Depths = [2, 3, 2, 0, 2, 3, 5, 3];

    private readonly Contention contention;
    private readonly IScheduler[] rotation;

    /// <summary>A portfolio on one stream of random numbers.</summary>
    /// <param name="rng">Where all choices come from.</param>
    /// <param name="learns">Whether it learns from a program's executions where preempting matters.</param>
    public Portfolio(Rng rng, bool learns = true)
    {
        contention = new Contention(learns);
        IScheduler[] byDepth = ByDepth(rng, contention);
        rotation = [.. Depths.Select(depth => byDepth[depth])];
    }

    /// <summary>A scheduler for each depth up to <see cref="Rest.DepthMax"/>; at 0 a random walk.</summary>
    internal static IScheduler[] ByDepth(Rng rng, Contention contention) =>
    [
        new RandomScheduler(rng),
        .. Enumerable.Range(1, Rest.DepthMax).Select(depth => new PctScheduler(depth, rng, contention)),
    ];

    /// <summary>Another program comes.</summary>
    public void NewProgram() => contention.NewProgram();

    /// <summary>Whether the program is worth another execution after so many: one is enough where no lane touches what
    /// another does, and the more places there are to preempt at, the more executions it gets.</summary>
    /// <param name="executions">Executions so far.</param>
    /// <param name="machine">What ran them; the first one's trace says which places there are.</param>
    public bool Wants(int executions, Machine machine)
    {
        if (executions == 1)
        {
            contention.Learn(machine.Trace);
        }

        int places = contention.Places;
        return executions == 0 || (places > 0 && executions < Math.Clamp(places / PlacesPerExecution, Few, Many));
    }

    /// <summary>The scheduler for the program's execution number <paramref name="execution"/>, from 0.</summary>
    public IScheduler For(int execution) => rotation[execution % rotation.Length];
}
