using Interleave;

namespace Fuzz.Schedules;

/// <summary>Uniform random walk: a lane is as likely to go on as it has events left, which makes all orders of the
/// events equally likely.</summary>
/// <remarks>
/// Zhao, Wolff, Mathur, Roychoudhury: Selectively Uniform Concurrency Testing, ASPLOS 2025, algorithm 1. Uniform where
/// the numbers of events are right and no lane waits for another. Deviates: the numbers are the most of the executions
/// so far instead of those of one run, so the first execution is a plain random walk; only steps on objects that
/// several lanes touch are events (see <see cref="EventScheduler"/>).
/// </remarks>
/// <param name="rng">Where its choices come from.</param>
/// <param name="profile">What was learnt of the program.</param>
public sealed class UrwScheduler(Rng rng, Profile profile) : EventScheduler(rng, profile)
{
    private readonly EventBudget budget = new();

    private protected override void BeginEvents(int cpus) => budget.Begin(Profile, null, cpus);

    private protected override void Arrived(in Choice choice, LaneSet lanes) =>
        budget.Start(choice, lanes, -1, Rng);

    private protected override int NextEvent(in Choice choice)
    {
        int chosen = budget.Draw(choice.Enabled, -1, Rng);
        budget.Spend(chosen);
        return chosen;
    }
}
