using System.Diagnostics;
using System.Reflection;
using Fuzz.Schedules;
using Interleave;
using Tests.Toys;
using Xunit;

namespace Tests.Interleaving;

/// <summary>Runs when nothing else does: code that is compiled elsewhere puts off the optimised versions of this
/// one's.</summary>
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
[Collection(nameof(AllocationTests))]
public class AllocationTests
{
    private static readonly PointTable Points = new();
    private static readonly Point Here = Points.Add("Here", "toy", Access.Write);
    private static readonly Word X = new(1, "x");

    [Fact]
    public void A_steady_execution_allocates_nothing()
    {
        static async Flow Lane(Cpu cpu)
        {
            for (int i = 0; i < 5; i++)
            {
                X.Value += await Inner(cpu);
            }
        }

        static async Flow<int> Inner(Cpu cpu)
        {
            await cpu.At(Here, X);
            await cpu.At(Here, X);
            return 1;
        }

        LaneRunner lanes = new(Points, () => { }, Lane, Lane, Lane);
        RandomScheduler random = new(new Rng(1));

        // Code that is not optimised keeps state machines in objects of their own and boxes awaiters: 30 calls an
        // execution.
        bool optimised = IsOptimised(typeof(Flow)) && IsOptimised(typeof(AllocationTests));
        double limit = optimised ? 1 : 30 * 400;
        double bytes = double.MaxValue;
        for (int round = 0; round < 500 && bytes > limit; round++)
        {
            // The optimising compiler works in the background: its results arrive after some rounds.
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 2000; i++)
            {
                lanes.Run(random);
            }

            bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / 2000.0;
        }

        Assert.InRange(bytes, 0, limit);
    }

    private static bool IsOptimised(Type type) =>
        type.Assembly.GetCustomAttribute<DebuggableAttribute>() is not { IsJITOptimizerDisabled: true };
}
