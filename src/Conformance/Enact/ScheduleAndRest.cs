using Fuzz.Schedules;
using Interleave;

namespace Conformance.Enact;

/// <summary>Follows a schedule, and then lets each lane run on: what was found ends where a law is broken, and a kernel
/// does not end there.</summary>
/// <param name="replay">The schedule.</param>
internal sealed class ScheduleAndRest(ReplayScheduler replay) : IScheduler
{
    private int lane;

    /// <inheritdoc />
    public bool SeesForcedSteps => true;

    /// <inheritdoc />
    public void Begin(int cpus)
    {
        lane = -1;
        replay.Begin(cpus);
    }

    /// <inheritdoc />
    public int Next(in Choice choice)
    {
        if (replay.Drift is null && replay.Next(choice) is >= 0 and int next)
        {
            return next;
        }

        if (replay.Drift is not { Kind: DriftKind.EndedLate })
        {
            return -1;
        }

        lane = choice.Can(lane) ? lane : choice.Enabled.First;
        return lane;
    }

    /// <summary>Where the execution left the schedule, or null.</summary>
    public Drift? Finish(Machine machine) =>
        replay.Drift is { Kind: DriftKind.EndedLate } ? null : replay.Finish(machine);
}
