using Interleave;

namespace Fuzz.Schedules;

/// <summary>Partial order sampling: every event has a random priority, and those that race with the one that ran draw
/// anew.</summary>
/// <remarks>
/// Yuan, Yang, Gu: Partial Order Aware Concurrency Sampling, CAV 2018. Every partial order of the events is sampled
/// with a probability that grows exponentially better than a random walk's in the number of those that do not race; no
/// bound on bugs of a given depth. Deviates: a lock that is taken or given back is an event that changes the lock, and
/// what is no event runs at once (see <see cref="EventScheduler"/>).
/// </remarks>
public sealed class PosScheduler : EventScheduler
{
    private readonly Priorities priorities;

    /// <summary>A scheduler on a stream of random numbers.</summary>
    /// <param name="rng">Where its choices come from.</param>
    /// <param name="profile">What was learnt of the program; null for nothing.</param>
    public PosScheduler(Rng rng, Profile? profile = null)
        : base(rng, profile) => priorities = new Priorities(rng);

    private protected override void BeginEvents(int cpus) => priorities.Begin(cpus);

    private protected override int NextEvent(in Choice choice)
    {
        int chosen = priorities.Highest(choice.Enabled);
        DrawAnew(choice, chosen, priorities);
        return chosen;
    }
}
