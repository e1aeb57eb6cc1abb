using Interleave;

namespace Tests.Toys;

/// <summary>Follows a list of cpus, one for each step at which there is a choice; then the lowest that can
/// run.</summary>
internal sealed class FixedOrder(params int[] cpus) : IScheduler
{
    private int at;

    public bool SeesForcedSteps => false;

    public void Begin(int cpus) => at = 0;

    public int Next(in Choice choice) =>
        at < cpus.Length ? cpus[at++] : choice.Enabled.First;
}
