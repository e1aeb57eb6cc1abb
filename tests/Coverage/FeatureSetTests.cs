using Fuzz.Coverage;
using Fuzz.Execution;
using Fuzz.Schedules;
using Generators;
using Interleave;
using Xunit;

namespace Tests.Coverage;

public class FeatureSetTests
{
    [Fact]
    public void Features_are_what_campaigns_count_one_by_one()
    {
        Executor executor = new(new MmEngine());
        Machine machine = executor.Engine.Machine;
        Rng rng = new(5);
        ProgramSource source = new();
        FeatureSet all = new(machine.Points, Feedback.All);
        FeatureSet handoffs = new(machine.Points, Feedback.Handoffs);
        for (int i = 0; i < 50; i++)
        {
            executor.Run(source.Fresh(rng), new RandomScheduler(rng));
            all.Clear();
            handoffs.Clear();
            all.Add(machine);
            handoffs.Add(machine);
            Novelty counted = new TraceCoverage(machine.Points).Add(machine.Trace);

            // Of a few hundred features in 2^21 counters hardly two ever share one.
            Assert.InRange(all.Handoffs - counted.Handoffs, 0, 1);
            Assert.InRange(all.NearMisses - counted.NearMisses, 0, 1);
            Assert.InRange(all.Branches - counted.Branches, 0, 1);
            Assert.Equal(all.Handoffs, handoffs.All.Count);
        }
    }
}
