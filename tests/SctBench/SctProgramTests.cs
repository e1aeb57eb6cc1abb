using Fuzz.Schedules;
using Interleave;
using Xunit;

namespace Tests.SctBench;

public class SctProgramTests
{
    private const int Enough = 2_000;

    /// <summary>All but SafeStack, which takes hundreds of thousands of schedules.</summary>
    public static TheoryData<string> Names =>
        new(SctSuite.Rows.Select(row => row.Name).Where(name => name != "SafeStack"));

    public static TheoryData<string> Right => new(RightOnes.Keys);

    private static Dictionary<string, Func<SctProgram>> RightOnes { get; } = new(StringComparer.Ordinal)
    {
        ["account"] = () => new Account(right: true),
        ["reorder_4"] = () => new Reorder(3, 1, atomically: true),
        ["twostage"] = () => new TwoStage(1, 1, nested: true),
        ["wronglock_3"] = () => new WrongLock(3, right: true),
        ["bluetooth_driver"] = () => new BluetoothDriver(countFirst: true),
        ["deadlock01"] = () => new Deadlock(ordered: true),
        ["fsbench"] = () => new FileSystem(threads: 26),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void The_portfolio_finds_the_bug(string name) =>
        Assert.InRange(SctSuite.SchedulesToFailure(Make(name), Portfolio.ForAny(new Rng(1)), Enough), 1, Enough);

    [Theory]
    [MemberData(nameof(Right))]
    public void A_program_that_was_put_right_never_fails(string name) =>
        Assert.Equal(301, SctSuite.SchedulesToFailure(RightOnes[name](), Portfolio.ForAny(new Rng(1)), 300));

    [Fact]
    public void Every_scheduler_finds_an_easy_bug_and_the_same_one_again_with_the_same_seed()
    {
        foreach ((string name, Func<Rng, Portfolio> make) in SctSuite.Schedulers)
        {
            int[] found = [.. Enumerable.Range(0, 2).Select(
                _ => SctSuite.SchedulesToFailure(new WrongLock(3), make(new Rng(3)), Enough))];
            Assert.True(found[0] <= Enough && found[0] == found[1], $"{name}: {found[0]}, {found[1]}");
        }
    }

    private static SctProgram Make(string name) => SctSuite.Rows.Single(row => row.Name == name).Make();
}
