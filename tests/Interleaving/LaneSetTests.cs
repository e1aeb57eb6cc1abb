using Interleave;
using Xunit;

namespace Tests.Interleaving;

public class LaneSetTests
{
    [Fact]
    public void It_is_the_set_that_its_operations_say()
    {
        Rng rng = new(1);
        for (int i = 0; i < 2_000; i++)
        {
            SortedSet<int> left = Draw(rng);
            SortedSet<int> right = Draw(rng);
            Assert.Equal(left, Lanes(Of(left)));
            Assert.Equal(left.Union(right).Order(), Lanes(Of(left) | Of(right)));
            Assert.Equal(left.Intersect(right), Lanes(Of(left) & Of(right)));
            Assert.Equal(left.Except(right), Lanes(Of(left).Without(Of(right))));
            Assert.Equal(left.Count, Of(left).Count);
            Assert.Equal(left.Count == 0, Of(left).IsEmpty);
            Assert.Equal(left, Enumerable.Range(0, left.Count).Select(Of(left).Nth));
            int lane = rng.Next(Machine.CpusMax);
            LaneSet with = Of(left);
            with.Add(lane);
            Assert.Equal(left.Append(lane).Distinct().Order(), Lanes(with));
            with.Remove(lane);
            Assert.Equal(left.Where(other => other != lane), Lanes(with));
        }
    }

    [Fact]
    public void Nobody_is_in_no_set_of_a_machine()
    {
        LaneSet all = Of(Enumerable.Range(0, Machine.CpusMax));
        Assert.Equal(Machine.CpusMax, all.Count);
        Assert.False(all.Contains(-1));
    }

    private static LaneSet Of(IEnumerable<int> lanes) =>
        
        lanes.Aggregate(default(LaneSet), (set, lane) =>
        {
            set.Set(lane, true);
            return set;
        });

    private static SortedSet<int> Draw(Rng rng) =>
        [.. Enumerable.Range(0, rng.Next(6)).Select(_ => rng.Next(Machine.CpusMax))];

    private static List<int> Lanes(LaneSet set)
    {
        List<int> lanes = [.. Enumerable.Range(0, Machine.CpusMax).Where(set.Contains)];
        List<int> walked = [];
        foreach (int lane in set)
        {
            walked.Add(lane);
        }

        Assert.Equal(lanes, walked);
        return lanes;
    }
}
