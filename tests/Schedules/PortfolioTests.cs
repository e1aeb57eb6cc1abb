using Fuzz.Schedules;
using Interleave;
using Tests.Toys;
using Xunit;

namespace Tests.Schedules;

/// <summary>How many executions a program is worth.</summary>
public class PortfolioTests
{
    private static readonly PointTable Points = new();
    private static readonly Point At = Points.Add("PortfolioStep", "toy", Access.Write);

    [Fact]
    public void A_program_whose_lanes_share_nothing_gets_one_execution() =>
        Assert.Equal(1, Wanted(steps: 30, shared: false));

    [Fact]
    public void A_program_gets_more_executions_the_more_places_to_preempt_at_it_has()
    {
        int few = Wanted(steps: 3, shared: true);
        int some = Wanted(steps: 22, shared: true);
        int many = Wanted(steps: 200, shared: true);
        Assert.True(1 < few && few < some && some < many, $"{few}, {some}, {many}");
    }

    [Fact]
    public void What_was_learnt_of_a_program_is_forgotten_when_the_next_one_comes()
    {
        Portfolio portfolio = new(new Rng(1));
        int many = Wanted(portfolio, steps: 200, shared: true);
        Assert.Equal(1, Wanted(portfolio, steps: 200, shared: false));
        Assert.Equal(many, Wanted(portfolio, steps: 200, shared: true));
    }

    private static int Wanted(int steps, bool shared) => Wanted(new Portfolio(new Rng(1)), steps, shared);

    private static int Wanted(Portfolio portfolio, int steps, bool shared)
    {
        Word[] words = [new(0, "x"), new(1, "y")];
        async Flow Lane(Cpu cpu)
        {
            for (int i = 0; i < steps; i++)
            {
                await cpu.At(At, words[shared ? 0 : cpu.Index]);
            }
        }

        LaneRunner lanes = new(Points, () => { }, Lane, Lane);
        portfolio.NewProgram();
        int executions = 0;
        while (portfolio.Wants(executions, lanes.Machine))
        {
            Assert.Equal(Ending.Completed, lanes.Run(portfolio.For(executions)));
            executions++;
        }

        return executions;
    }
}
