using Fuzz.Coverage;
using Fuzz.Execution;
using Fuzz.Schedules;
using Generators;
using Interleave;
using Xunit;

namespace Tests.Coverage;

public class TraceFeaturesTests
{
    [Fact]
    public void They_are_what_campaigns_count_one_by_one()
    {
        Executor executor = new(new MmEngine());
        Rng rng = new(5);
        ProgramSource source = new();
        for (int i = 0; i < 50; i++)
        {
            executor.Run(source.Fresh(rng), new RandomScheduler(rng));
            ReadOnlySpan<TraceStep> trace = executor.Engine.Machine.Trace;
            HashSet<ulong> all = [];
            HashSet<ulong> handoffs = [];
            TraceFeatures.Add(trace, all, Feedback.All);
            TraceFeatures.Add(trace, handoffs, Feedback.Handoffs);
            (int counted, int nearMisses) = new InterleavingCoverage().Add(trace);

            // Of a few hundred features in 2^21 counters hardly two ever share one.
            Assert.InRange(handoffs.Count - counted, 0, 1);
            Assert.InRange(TraceFeatures.NearMisses(all) - nearMisses, 0, 1);
            Assert.Equal(all.Count, handoffs.Count + TraceFeatures.NearMisses(all));
        }
    }
}
