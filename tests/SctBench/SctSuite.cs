using Fuzz.Schedules;
using Interleave;

namespace Tests.SctBench;

/// <summary>The programs, and the best that was published of each: the lowest median of schedules to the first
/// failure.</summary>
internal static class SctSuite
{
    /// <summary>One program.</summary>
    /// <param name="Make">Makes it.</param>
    /// <param name="Best">The lowest median published; null when none was.</param>
    /// <param name="Who">Whose it is.</param>
    internal sealed record Row(Func<SctProgram> Make, double? Best = null, string Who = "")
    {
        public string Name { get; } = Make().Name;
    }

    /// <summary>All rows, the quick ones first.</summary>
    public static IReadOnlyList<Row> Rows { get; } =
    [
        new(() => new Account(), 2, "Shuttle URW"),
        new(() => new ArithmeticProgression()),
        new(() => new BluetoothDriver(), 10.5, "Coyote PCT-10"),
        new(() => new Carter(), 1, "RW, POS"),
        new(() => new CircularBuffer(), 1.5, "POS"),
        new(() => new Deadlock(), 2, "SURW, RW"),
        .. Enumerable.Range(2, 6).Select(n => new Row(() => new Philosophers(n))),
        new(() => new FileSystem()),
        new(() => new Lazy(), 1, "Coyote RW"),
        new(() => new Phase()),
        new(() => new BoundedQueue(), 1, "RW, POS"),
        new(() => new Sigma()),
        new(() => new BoundedStack(), 1, "POS, Shuttle RW"),
        new(() => new TokenRing(), 5, "PCT-10"),
        new(() => new WrongLock(7), 2, "Coyote RW"),
        new(() => new WrongLock(3), 4, "non-selective URW"),
        new(() => new TwoStage(1, 1), 5, "PCT-10"),
        new(() => new TwoStage(10, 10), 5, "SURW"),
        new(() => new TwoStage(40, 10), 16.5, "SURW"),
        new(() => new TwoStage(99, 1), 272.5, "SURW"),
        new(() => new Reorder(2, 1), 4.5, "SURW"),
        new(() => new Reorder(3, 1), 4, "SURW"),
        new(() => new Reorder(4, 1), 6.5, "SURW"),
        new(() => new Reorder(9, 1), 18.5, "SURW"),
        new(() => new Reorder(10, 10), 4, "SURW"),
        new(() => new Reorder(40, 10), 11.5, "SURW"),
        new(() => new Reorder(99, 1), 111.5, "SURW"),
        new(() => new SafeStack(), 293_102, "SURW"),
    ];

    /// <summary>The schedulers by name; each call makes fresh ones.</summary>
    public static IReadOnlyList<(string Name, Func<Rng, Portfolio> Make)> Schedulers { get; } =
    [
        ("random", rng => Portfolio.Of(_ => new RandomScheduler(rng))),
        ("pct-3", rng => Portfolio.Of(known => new PctScheduler(3, rng, known.Contention))),
        ("pct-10", rng => Portfolio.Of(known => new PctScheduler(10, rng, known.Contention))),
        ("pos", rng => Portfolio.Of(known => new PosScheduler(rng, known))),
        ("urw", rng => Portfolio.Of(known => new UrwScheduler(rng, known))),
        ("surw", rng => Portfolio.Of(known => new SurwScheduler(rng, known))),
        ("delay-bounded", rng => Portfolio.Of(_ => new DelayBoundedScheduler(3, rng))),
        ("start-delay", rng => Portfolio.Of(_ => new StartDelayScheduler(rng))),
        ("hand-offs", rng => Portfolio.Of(known => new HandoffScheduler(rng, known))),
        ("portfolio", Portfolio.ForAny),
    ];

    /// <summary>Schedules until a program has failed, that one included; one more than the cap when it has
    /// not.</summary>
    public static int SchedulesToFailure(SctProgram program, Portfolio portfolio, int cap)
    {
        for (int execution = 0; execution < cap; execution++)
        {
            if (program.Fails(portfolio.For(execution)))
            {
                return execution + 1;
            }

            portfolio.Learn(program.Machine);
        }

        return cap + 1;
    }
}
