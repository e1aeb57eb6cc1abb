using Fuzz.Coverage;
using Interleave;
using Xunit;

namespace Tests.Coverage;

public class TraceCoverageTests
{
    private const int Updates = 100;
    private const ushort Read = Updates + 1;
    private const ushort Write = Updates + 2;
    private const ushort Take = Updates + 3;
    private readonly TraceCoverage seen = new(NewPoints());

    [Fact]
    public void Two_cpus_on_one_object_in_turn_are_a_hand_off()
    {
        Assert.Equal(1, seen.Add([Step(0, 5), Step(1, 6)]).Handoffs);
        Assert.Equal(1, seen.Handoffs);
    }

    [Fact]
    public void One_cpu_alone_or_different_objects_are_none()
    {
        Assert.Equal(0, seen.Add([Step(0, 5), Step(0, 6), Step(1, 5, target: 2)]).Handoffs);
    }

    [Fact]
    public void The_same_hand_off_counts_once_and_another_order_is_another_one()
    {
        Assert.Equal(1, seen.Add([Step(0, 5), Step(1, 6)]).Handoffs);
        Assert.Equal(0, seen.Add([Step(2, 5), Step(3, 6)]).Handoffs);
        Assert.Equal(1, seen.Add([Step(0, 6), Step(1, 5)]).Handoffs);
        Assert.Equal(2, seen.Handoffs);
    }

    [Fact]
    public void The_kind_of_the_object_tells_hand_offs_apart_and_its_number_does_not()
    {
        Assert.Equal(1, seen.Add([Step(0, 5, target: 1, kind: 1), Step(1, 6, target: 1, kind: 1)]).Handoffs);
        Assert.Equal(0, seen.Add([Step(0, 5, target: 2, kind: 1), Step(1, 6, target: 2, kind: 1)]).Handoffs);
        Assert.Equal(1, seen.Add([Step(0, 5, target: 3, kind: 2), Step(1, 6, target: 3, kind: 2)]).Handoffs);
    }

    [Fact]
    public void An_execution_does_not_hand_over_to_the_next_one()
    {
        Assert.Equal(0, seen.Add([Step(0, 5)]).Handoffs);
        Assert.Equal(0, seen.Add([Step(1, 6)]).Handoffs);
    }

    [Fact]
    public void Steps_without_an_object_are_passed_over()
    {
        Assert.Equal(1, seen.Add([Step(0, 5), Step(1, 9, target: TraceStep.NoTarget), Step(1, 6)]).Handoffs);
    }

    [Fact]
    public void A_cpu_between_two_touches_of_another_is_a_near_miss()
    {
        Assert.Equal((2, 1), Interleaved(seen.Add([Step(0, 5), Step(1, 6), Step(0, 7)])));
        Assert.Equal((0, 0), Interleaved(seen.Add([Step(1, 5), Step(0, 6), Step(1, 7)])));
        Assert.Equal((1, 1), Interleaved(seen.Add([Step(0, 4), Step(1, 6), Step(1, 6), Step(0, 7)])));
        Assert.Equal(2, seen.NearMisses);
    }

    [Theory]
    [InlineData(Read, Write, Read, true)]
    [InlineData(Write, Write, Read, true)]
    [InlineData(Write, Read, Write, true)]
    [InlineData(Read, Write, Write, true)]
    [InlineData(Read, Read, Write, false)]
    [InlineData(Write, Read, Read, false)]
    [InlineData(Write, Write, Write, false)]
    [InlineData(Take, Take, Take, false)]
    [InlineData(5, 5, 5, true)]
    public void Only_what_no_serial_order_gives_is_a_near_miss(
        ushort first, ushort between, ushort second, bool expected)
    {
        Assert.Equal(expected ? 1 : 0, seen.Add([Step(0, first), Step(1, between), Step(0, second)]).NearMisses);
    }

    [Fact]
    public void Two_reads_hand_nothing_over_but_open_windows()
    {
        Assert.Equal(0, seen.Add([Step(0, Read), Step(1, Read)]).Handoffs);
        Assert.Equal(
            (1, 1), Interleaved(seen.Add([Step(0, Read), Step(1, Read), Step(1, Write), Step(1, Write), Step(0, 5)])));
        Assert.Equal((2, 1), Interleaved(seen.Add([Step(0, Read), Step(1, Write), Step(0, Read)])));
    }

    [Fact]
    public void A_third_cpu_at_the_end_closes_no_window()
    {
        Assert.Equal((2, 0), Interleaved(seen.Add([Step(0, 5), Step(1, 6), Step(2, 7)])));
    }

    [Fact]
    public void A_step_from_one_point_to_another_is_a_branch_of_its_lane_whatever_others_do()
    {
        // From nowhere to 5, from nowhere to 6, from 5 to 7.
        Assert.Equal(3, seen.Add([Step(0, 5), Step(1, 6), Step(0, 7)]).Branches);
        Assert.Equal(0, seen.Add([Step(1, 6), Step(2, 5), Step(2, 7)]).Branches);
        Assert.Equal(1, seen.Add([Step(2, 5), Step(2, 6)]).Branches);
        Assert.Equal(4, seen.Branches);
    }

    [Fact]
    public void Features_are_notable_when_they_are_seen_for_the_first_second_fourth_time()
    {
        int[] expected = [1, 1, 0, 1, 0, 0, 0, 1];
        for (int time = 0; time < expected.Length; time++)
        {
            List<Feature> notable = [];
            seen.Add([Step(0, 5)], notable);
            Assert.Equal(expected[time], notable.Count);
            Assert.All(notable, feature => Assert.Equal(time + 1, seen.Times(feature)));
        }
    }

    [Fact]
    public void What_one_execution_has_shown_is_a_singleton_however_often_until_another_one_shows_it()
    {
        TraceStep[] steps = [Step(0, Take), Step(1, Take), Step(0, Take), Step(1, Take)];
        Novelty first = seen.Add(steps);
        int shown = first.Handoffs + first.NearMisses + first.Branches;
        Assert.Equal(shown, seen.Singletons);
        Assert.Equal(1, first.Handoffs);

        // The branch from nowhere is seen again, and again; the rest is still what one execution has shown.
        seen.Add([Step(0, Take)]);
        Assert.Equal(shown - 1, seen.Singletons);
        seen.Add([Step(0, Take)]);
        Assert.Equal(shown - 1, seen.Singletons);
        seen.Add(steps);
        Assert.Equal(0, seen.Singletons);
    }

    [Fact]
    public void Each_kind_of_feature_is_named()
    {
        List<Feature> notable = [];
        seen.Add([Step(0, 5), Step(1, 6), Step(0, 7)], notable);
        Assert.Equal(
            [Feedback.Branches, Feedback.Branches, Feedback.Branches, Feedback.Handoffs, Feedback.Handoffs,
                Feedback.NearMisses],
            notable.Select(feature => feature.Kind).OrderBy(kind => kind.ToString()));
    }

    [Fact]
    public void Few_of_ten_thousand_hand_offs_share_a_bit()
    {
        int added = 0;
        for (ushort before = 0; before < Updates; before++)
        {
            for (ushort after = 0; after < Updates; after++)
            {
                added += seen.Add([Step(0, before), Step(1, after)]).Handoffs;
            }
        }

        // Expected collisions: 10^4 * 10^4 / 2 / 2^21 = 24.
        Assert.InRange(added, 9940, 10_000);
        Assert.Equal(added, seen.Handoffs);
    }

    [Fact]
    public void Adding_allocates_nothing()
    {
        TraceStep[] trace = [Step(0, 5), Step(1, 6), Step(0, 7, target: 2), Step(1, 8, target: 2)];
        seen.Add(trace);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            seen.Add(trace);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static (int Handoffs, int NearMisses) Interleaved(Novelty novelty) =>
        (novelty.Handoffs, novelty.NearMisses);

    private static PointTable NewPoints()
    {
        PointTable points = new();
        for (int i = 1; i <= Updates; i++)
        {
            points.Add($"Update{i}", "", Access.Rmw);
        }

        points.Add("Read", "", Access.Read);
        points.Add("Write", "", Access.Write);
        points.Add("Take", "", Access.Acquire);
        return points;
    }

    private static TraceStep Step(byte cpu, ushort point, ushort target = 1, byte kind = 1) =>
        new(point, target, cpu, 1, kind, Preempts: false);
}
