namespace Fuzz.Campaign;

/// <summary>What it is worth that nothing was found.</summary>
/// <remarks>
/// <para>A campaign draws executions, each of which shows features (hand-offs, near misses, branches), as a biologist
/// draws samples that show species: Boehme, STADS: Software Testing as Species Discovery, TOSEM 2018. Of n executions
/// with q features that only one of them has shown, the next one shows q / n new ones in the mean (Good, Biometrika
/// 1953, who gives the credit to Turing), so the chance that it shows any is at most that; a failure that no execution
/// has shown is one feature among those.</para>
/// <para>Deviation: the estimate is for draws from one distribution. A campaign learns, so that its draws change; it is
/// an estimate for a campaign that goes on as it has (Boehme, Liyanage, Wuestholz, Estimating Residual Risk in Greybox
/// Fuzzing, FSE 2021, show how far that is off: mostly too high early, by less than an order of magnitude).</para>
/// </remarks>
/// <param name="Singletons">Features that one execution has shown, and no other.</param>
/// <param name="Executions">Executions.</param>
public readonly record struct ResidualRisk(long Singletons, long Executions)
{
    /// <summary>How sure <see cref="FailureMax"/> is.</summary>
    public const double Confidence = 0.95;

    /// <summary>Number of new features that the next execution shows in the mean; a bound of the chance that it shows
    /// any, where it is below 1.</summary>
    public double NewFeatures => Executions == 0 ? double.PositiveInfinity : (double)Singletons / Executions;

    /// <summary>The largest chance of a draw to fail with which none of so many would have failed in 5 of 100 cases:
    /// 1 - 0.05^(1/n), nearly 3/n.</summary>
    public double FailureMax => FailureMaxOf(Executions);

    /// <summary>What several workers know between them: a feature that one execution of all has shown is one that one
    /// execution of one worker has shown, so there are at most so many.</summary>
    public static ResidualRisk operator +(ResidualRisk one, ResidualRisk other) =>
        new(one.Singletons + other.Singletons, one.Executions + other.Executions);

    /// <summary>See <see cref="FailureMax"/>.</summary>
    /// <param name="draws">Draws, none of which has failed.</param>
    public static double FailureMaxOf(long draws) =>
        draws == 0 ? 1 : -double.ExpM1(Math.Log(1 - Confidence) / draws);
}
