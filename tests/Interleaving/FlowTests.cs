using Fuzz.Schedules;
using Interleave;
using Tests.Toys;
using Xunit;

namespace Tests.Interleaving;

public class FlowTests
{
    private static readonly PointTable Points = new();
    private static readonly Point Here = Points.Add("Here", "toy", Access.Write);
    private static readonly Word X = new(1, "x");

    [Fact]
    public void Nested_routines_return_their_results()
    {
        int result = 0;
        static async Flow<int> Fibonacci(Cpu cpu, int n)
        {
            await cpu.At(Here, X);
            return n < 2 ? n : await Fibonacci(cpu, n - 1) + await Fibonacci(cpu, n - 2);
        }

        LaneRunner lanes = new(
            Points, () => { }, async cpu => result = await Fibonacci(cpu, 10), async cpu => await Fibonacci(cpu, 7));
        RandomScheduler random = new(new Rng(1));
        for (int i = 0; i < 20; i++)
        {
            result = 0;
            Assert.Equal(Ending.Completed, lanes.Run(random));
            Assert.Equal(55, result);
        }
    }

    [Fact]
    public void A_routine_that_never_suspends_completes_at_once()
    {
        static Flow<int> Known() => Flow.Of(7);
        int result = 0;
        LaneRunner lanes = new(
            Points, () => { }, async cpu =>
            {
                await Flow.Done;
                result = await Known();
            });
        Assert.Equal(Ending.Completed, lanes.Run(new RandomScheduler(new Rng(1))));
        Assert.Equal(7, result);
        Assert.Equal(1, lanes.Machine.Steps);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_exception_passes_through_the_awaiting_routines_and_can_be_caught(bool suspendsFirst)
    {
        string caught = "";
        async Flow<int> Throw(Cpu cpu)
        {
            if (suspendsFirst)
            {
                await cpu.At(Here, X);
            }

            throw new InvalidDataException("inner");
        }

        async Flow<int> PassOn(Cpu cpu) => 1 + await Throw(cpu);
        LaneRunner lanes = new(
            Points, () => { }, async cpu =>
            {
                try
                {
                    await PassOn(cpu);
                }
                catch (InvalidDataException error)
                {
                    caught = error.Message;
                }

                await cpu.At(Here, X);
            },
            async cpu => await cpu.At(Here, X));
        Assert.Equal(Ending.Completed, lanes.Run(new FixedOrder(0, 1, 0, 1)));
        Assert.Equal("inner", caught);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_exception_that_nobody_catches_ends_the_execution_as_a_fault(bool suspendsFirst)
    {
        LaneRunner lanes = new(
            Points, () => { }, async cpu =>
            {
                if (suspendsFirst)
                {
                    await cpu.At(Here, X);
                }

                throw new InvalidDataException("outer");
            },
            async cpu => await cpu.At(Here, X));
        Assert.Equal(Ending.Fault, lanes.Run(new RandomScheduler(new Rng(1))));
        Assert.IsType<InvalidDataException>(lanes.Machine.Error);
    }

    [Fact]
    public void A_foreign_await_is_refused_with_a_clear_message()
    {
        Func<Cpu, Flow>[] foreign =
        [
            async cpu => await Task.Delay(1),
            async cpu => await Task.Yield(),
            async cpu =>
            {
                await cpu.At(Here, X);
                await new ValueTask(new TaskCompletionSource().Task);
            },
        ];
        foreach (Func<Cpu, Flow> body in foreign)
        {
            LaneRunner lanes = new(Points, () => { }, body);
            Assert.Equal(Ending.Fault, lanes.Run(new RandomScheduler(new Rng(1))));
            Assert.Contains("may await only steps", lanes.Machine.Error!.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_stopped_execution_leaves_nothing_to_the_next_one()
    {
        static async Flow Lane(Cpu cpu)
        {
            for (int i = 0; i < 5; i++)
            {
                await Inner(cpu);
            }
        }

        static async Flow Inner(Cpu cpu)
        {
            await cpu.At(Here, X);
            X.Value++;
            await cpu.At(Here, X);
        }

        LaneRunner lanes = new(Points, () => X.Value = 0, Lane, Lane);
        RandomScheduler random = new(new Rng(1));
        for (int i = 0; i < 50; i++)
        {
            Assert.Equal(Ending.Stopped, lanes.Run(random, new StopAfter(1 + i % 15)));
            Assert.Equal(1 + i % 15, lanes.Machine.Steps);
            Assert.Equal(Ending.Completed, lanes.Run(random));
            Assert.Equal(10, X.Value);
        }
    }

    private sealed class StopAfter(int steps) : IStepCheck
    {
        public bool AfterStep(Cpu cpu, Point point) => cpu.Machine.Steps < steps;
    }
}
