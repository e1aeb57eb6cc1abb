using Fuzz.Questions;
using Xunit;

namespace Tests.Questions;

public class ConfidenceTests
{
    [Theory]
    [InlineData(3000, 0.001)] // (1 - 0.001)^3000 = 0.0497
    [InlineData(30, 0.1)]
    [InlineData(2, 1)]
    [InlineData(0, 1)]
    public void Clean_executions_exclude_rates_by_the_rule_of_three(long clean, double rate) =>
        Assert.Equal(rate, Confidence.RateMax(clean), 1e-9);

    [Fact]
    public void The_rule_of_three_leaves_a_miss_of_about_one_in_twenty() =>
        Assert.InRange(Confidence.Miss(Confidence.RateMax(10_000), 10_000), 0.049, 0.051);

    [Theory]
    [InlineData(0, 1000, 0)]
    [InlineData(10, 100, 0.0606)] // p = 0.1, z = 1.645: (0.1135 - 0.0512) / 1.0271
    [InlineData(100, 100, 0.9737)] // 1 / (1 + z^2 / 100)
    public void Failed_executions_exclude_rates_below_wilsons_bound(long failed, long executions, double rate) =>
        Assert.Equal(rate, Confidence.RateMin(failed, executions), 0.0002);
}
