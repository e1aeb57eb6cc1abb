namespace Fuzz.Questions;

/// <summary>What clean random executions say, and what they leave open.</summary>
/// <remarks>
/// Executions count as independent draws. That holds for the random walk and, within one program, for PCT, whose
/// schedules are drawn anew each time.
/// </remarks>
public static class Confidence
{
    /// <summary>The quantile of the normal distribution that 5 % lie beyond.</summary>
    private const double Z = 1.6449;

    /// <summary>The rate that is excluded at 95 % by so many clean executions: the rule of three.</summary>
    /// <remarks>(1 - p)^n = 0.05 gives p = 3.0 / n.</remarks>
    public static double RateMax(long clean) => clean == 0 ? 1 : Math.Min(1, 3.0 / clean);

    /// <summary>The rate that is exceeded at 95 % when so many executions failed: Wilson's lower bound.</summary>
    public static double RateMin(long failed, long executions)
    {
        if (failed == 0)
        {
            return 0;
        }

        double n = executions;
        double p = failed / n;
        double middle = p + Z * Z / (2 * n);
        double spread = Z * Math.Sqrt(p * (1 - p) / n + Z * Z / (4 * n * n));
        return Math.Max(0, (middle - spread) / (1 + Z * Z / n));
    }

    /// <summary>The probability that so many executions are clean although each fails at that rate.</summary>
    public static double Miss(double rate, long clean) => Math.Pow(1 - rate, clean);
}
