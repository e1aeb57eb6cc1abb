using Fuzz.Campaign;
using Interleave;
using Xunit;

namespace Tests.Campaign;

/// <summary>Goal: what a campaign says of the next execution is what happens. Method: species with known
/// chances.</summary>
public class ResidualRiskTests
{
    private const int Draws = 20_000;
    private const int Species = 30_000;

    [Fact]
    public void The_estimate_is_near_the_true_mean_of_new_species()
    {
        // Few are common and most are rare: species s has a chance of about 1 / (s + 1) of being drawn.
        Rng rng = new(7);
        double[] chances = [.. Enumerable.Range(0, Species).Select(s => 1.0 / (s + 1))];
        double all = chances.Sum();
        int[] times = new int[Species];
        for (int i = 0; i < Draws; i++)
        {
            times[Draw(rng, chances, all)]++;
        }

        double truth = chances.Where((_, s) => times[s] == 0).Sum() / all;
        ResidualRisk risk = new(times.Count(n => n == 1), Draws);
        Assert.InRange(risk.NewFeatures / truth, 0.9, 1.1);
    }

    [Theory]
    [InlineData(1, 0.95)]
    [InlineData(100, 0.02951)]
    [InlineData(1_000_000, 2.9957e-6)]
    public void Nothing_in_n_draws_is_worth_nearly_three_nths(long draws, double expected)
    {
        Assert.Equal(1, ResidualRisk.FailureMaxOf(draws) / expected, 1e-3);
        Assert.Equal(1 - ResidualRisk.Confidence, Math.Pow(1 - ResidualRisk.FailureMaxOf(draws), draws), 1e-9);
    }

    [Fact]
    public void Without_draws_nothing_is_known()
    {
        Assert.Equal(1, default(ResidualRisk).FailureMax);
        Assert.Equal(double.PositiveInfinity, default(ResidualRisk).NewFeatures);
    }

    [Fact]
    public void Workers_add_up()
    {
        Assert.Equal(new ResidualRisk(5, 300), new ResidualRisk(2, 100) + new ResidualRisk(3, 200));
    }

    private static int Draw(Rng rng, double[] chances, double all)
    {
        double left = rng.Next(int.MaxValue) / (double)int.MaxValue * all;
        for (int s = 0; s < chances.Length; s++)
        {
            left -= chances[s];
            if (left < 0)
            {
                return s;
            }
        }

        return chances.Length - 1;
    }
}
