using Fuzz.Campaign;
using Xunit;

namespace Tests.Campaign;

public sealed class FindingLogTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("fuzz-log-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_failure_is_met_first_once_and_counted_over_all_runs()
    {
        FindingLog first = new(folder);
        first.Write([Met("a", 700)], 12.5, 0);
        first.Write([Met("a", 700), Met("b", 900, isKnown: true)], 20, 0);
        Assert.Equal([new(12, 700, 1, true, "a.reproducer"), new(20, 900, 1, false, "b.reproducer")], Rows());

        FindingLog second = new(folder);
        second.Write([Met("a", 5)], 30, 1000);
        second.Write([Met("a", 5), Met("c", 6)], 31, 1000);
        Assert.Equal(
        [
            new(12, 700, 2, true, "a.reproducer"), new(20, 900, 1, false, "b.reproducer"),
            new(31, 1006, 1, true, "c.reproducer"),
        ], Rows());
    }

    [Fact]
    public void What_is_not_kept_in_the_folder_is_not_listed()
    {
        Finding regression = Met("corpus/regressions/r", 1) with { IsRegression = true };
        new FindingLog(folder).Write([regression, Met("x", 1) with { File = null }], 1, 0);
        Assert.Empty(Directory.GetFiles(folder));
    }

    private static Finding Met(string name, long at, bool isKnown = false) =>
        new(Failures.Parse(), at, $"campaign/{name}.reproducer", "") { IsKnown = isKnown };

    private IReadOnlyList<FindingRow> Rows() =>
        FindingRow.Parse(File.ReadAllLines(Path.Combine(folder, FindingRow.FileName)));
}
