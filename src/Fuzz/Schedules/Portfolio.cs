using Interleave;

namespace Fuzz.Schedules;

/// <summary>The schedulers that executions of a program rotate through.</summary>
/// <remarks>
/// <para>For campaigns of the folio engine mostly PCT: the windows of these races stay open while another lane runs
/// whole calls, and a random walk, which switches at every other step, hardly ever lets it. One execution in eight is a
/// random walk, for the races that need many switches.</para>
/// <para>For any engine (<see cref="ForAny"/>) all there are: one execution in four goes through them in turn, the
/// others go to the one that has lately shown most that was new, by hand-offs (<see cref="Profile.Learn"/>). Nothing
/// else is known before the first failure.</para>
/// </remarks>
public sealed class Portfolio
{
    /// <summary>Least executions of a program with any place to preempt at.</summary>
    private const int Few = 4;

    /// <summary>Most executions of a program: another program shows more than another schedule.</summary>
    private const int Many = 12;

    /// <summary>Places to preempt at for which a program gets an execution.</summary>
    private const int PlacesPerExecution = 6;

    /// <summary>Of so many executions one goes to the scheduler whose turn it is.</summary>
    private const int PerTurn = 4;

    /// <summary>By how much what a scheduler has shown loses weight with each of its executions.</summary>
    private const double Fading = 0.9;

    /// <summary>One turn of the rotation: depths of PCT, 0 for a random walk.</summary>
    internal static readonly int[] Depths = [2, 3, 2, 0, 2, 3, 5, 3];

    private readonly Contention contention;
    private readonly IScheduler[] rotation;
    private readonly Profile? profile;

    /// <summary>For each in the rotation what it has lately shown an execution.</summary>
    private readonly double[] payoffs;

    private int last;
    private int asked;

    /// <summary>A portfolio for campaigns on one stream of random numbers.</summary>
    /// <param name="rng">Where all choices come from.</param>
    /// <param name="learns">Whether it learns from a program's executions where preempting matters.</param>
    public Portfolio(Rng rng, bool learns = true)
        : this(Campaign(rng, new Contention(learns), out Contention contention), contention, null)
    {
    }

    private Portfolio(IScheduler[] rotation, Contention contention, Profile? profile)
    {
        this.rotation = rotation;
        this.contention = contention;
        this.profile = profile;
        payoffs = new double[rotation.Length];
    }

    /// <summary>A portfolio of all schedulers, for any engine. <see cref="Learn"/> must be called after each
    /// execution.</summary>
    /// <param name="rng">Where all choices come from.</param>
    public static Portfolio ForAny(Rng rng)
    {
        Profile known = new();
        return new Portfolio(
        [
            new UrwScheduler(rng, known),
            new HandoffScheduler(rng, known),
            new SurwScheduler(rng, known),
            new PosScheduler(rng, known),
            new PctScheduler(3, rng, known.Contention),
            new DelayBoundedScheduler(3, rng),
            new StartDelayScheduler(rng),
            new RandomScheduler(rng),
        ], known.Contention, known);
    }

    /// <summary>One scheduler alone, to compare it with others. <see cref="Learn"/> must be called after each
    /// execution.</summary>
    /// <param name="scheduler">Makes it, given what is known of the program.</param>
    public static Portfolio Of(Func<Profile, IScheduler> scheduler)
    {
        Profile known = new();
        return new Portfolio([scheduler(known)], known.Contention, known);
    }

    /// <summary>A scheduler for each depth up to <see cref="Rest.DepthMax"/>; at 0 a random walk.</summary>
    internal static IScheduler[] ByDepth(Rng rng, Contention contention) =>
    [
        new RandomScheduler(rng),
        .. Enumerable.Range(1, Rest.DepthMax).Select(depth => new PctScheduler(depth, rng, contention)),
    ];

    /// <summary>Another program comes.</summary>
    public void NewProgram()
    {
        contention.NewProgram();
        profile?.NewProgram();
        Array.Clear(payoffs);
        asked = 0;
    }

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
    public IScheduler For(int execution)
    {
        if (profile is null || rotation.Length == 1)
        {
            last = execution % rotation.Length;
        }
        else
        {
            bool inTurn = execution % PerTurn == 0;
            last = inTurn ? execution / PerTurn % rotation.Length : Best();
        }

        return rotation[last];
    }

    /// <summary>Learns what the execution has shown that was just made with what <see cref="For"/> gave; the portfolio
    /// for campaigns learns from a program's first execution only (<see cref="Wants"/>).</summary>
    public void Learn(Machine machine)
    {
        if (profile is null)
        {
            return;
        }

        int found = profile.Learn(machine);

        // What the first execution shows is nobody's merit.
        payoffs[last] = asked++ == 0 ? 0 : payoffs[last] * Fading + found * (1 - Fading);
    }

    /// <summary>What has lately shown most; at first the one that asks for what is new.</summary>
    private int Best()
    {
        int best = Array.FindIndex(rotation, scheduler => scheduler is HandoffScheduler);
        double most = Math.Max(payoffs[best], Math.Pow(Fading, asked));
        for (int i = 0; i < payoffs.Length; i++)
        {
            if (payoffs[i] > most)
            {
                best = i;
                most = payoffs[i];
            }
        }

        return best;
    }

    private static IScheduler[] Campaign(Rng rng, Contention learning, out Contention contention)
    {
        contention = learning;
        IScheduler[] byDepth = ByDepth(rng, contention);
        return [.. Depths.Select(depth => byDepth[depth])];
    }
}
