using Interleave;

namespace Fuzz.Schedules;

/// <summary>Selectively uniform random walk: all orders of the steps on one object are equally likely; the rest goes by
/// random priorities.</summary>
/// <remarks>
/// <para>Zhao, Wolff, Mathur, Roychoudhury: Selectively Uniform Concurrency Testing, ASPLOS 2025, algorithm 2. Before
/// each execution an object is drawn, as likely as it has events. Who takes the next step on it is decided in advance,
/// each lane as likely as it has such steps left (those of lanes that it will start count, too); the others wait when
/// they come to theirs. Uniform where the numbers are right and no lane waits for another otherwise.</para>
/// <para>Deviates: numbers are the most of the executions so far, so the first execution goes by priorities alone;
/// locks are objects, too; what is no event runs at once (see <see cref="EventScheduler"/>).</para>
/// </remarks>
public sealed class SurwScheduler : EventScheduler
{
    private const int Nobody = -1;
    private readonly EventBudget budget = new();
    private readonly Priorities priorities;
    private ObjectEvents? target;

    /// <summary>Who shall take the next step on the object.</summary>
    private int intended;

    /// <summary>Those that wait for it.</summary>
    private LaneSet held;

    /// <summary>A scheduler on a stream of random numbers.</summary>
    /// <param name="rng">Where its choices come from.</param>
    /// <param name="profile">What was learnt of the program.</param>
    public SurwScheduler(Rng rng, Profile profile)
        : base(rng, profile) => priorities = new Priorities(rng);

    private protected override void BeginEvents(int cpus)
    {
        target = Profile.Draw(Rng);
        budget.Begin(Profile, target, cpus);
        priorities.Begin(cpus);
        intended = Nobody;
        held = default;
    }

    private protected override void Arrived(in Choice choice, LaneSet lanes) =>
        intended = budget.Start(choice, lanes, intended, Rng);

    private protected override int NextEvent(in Choice choice)
    {
        LaneSet open = choice.Enabled.Without(held);
        while (true)
        {
            if (open.IsEmpty)
            {
                // The intended lane waits for one of those that wait for it.
                intended = Nobody;
                held = default;
                open = choice.Enabled;
            }

            int chosen = priorities.Highest(open);
            if (TargetOf(chosen) != target?.Id)
            {
                priorities.Draw(chosen);
                return chosen;
            }

            intended = intended == Nobody ? budget.Draw(choice.Enabled, chosen, Rng) : intended;
            if (chosen == intended)
            {
                budget.Spend(chosen);
                priorities.Draw(chosen);
                intended = Nobody;
                held = default;
                return chosen;
            }

            held.Add(chosen);
            open.Remove(chosen);
        }
    }
}
