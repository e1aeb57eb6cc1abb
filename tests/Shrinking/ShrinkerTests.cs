using FsCheck.Xunit;
using Fuzz.Programs;
using Fuzz.Shrinking;
using Interleave;
using Tests.Toys;
using Xunit;

namespace Tests.Shrinking;

public class ShrinkerTests
{
    private static readonly Language Mm = MmLanguage.Instance;
    private static readonly byte Fork = Mm.Find("fork")!.Kind;
    private static readonly byte Write = Mm.Find("write")!.Kind;
    private static readonly byte Pageout = Mm.Find("pageout")!.Kind;
    private static readonly byte Zap = Mm.Find("dontneed")!.Kind;
    private static readonly byte Pin = Mm.Find("pin")!.Kind;
    private static readonly byte Unpin = Mm.Find("unpin")!.Kind;

    [Property(MaxTest = 300)]
    public bool A_planted_race_of_two_calls_shrinks_to_exactly_those_calls(ulong seed)
    {
        // Two different lanes: one pages out what another writes.
        static bool Fails(Program p) => Pairs(p).Any(pair => pair.Other.Contains(pair.Call with { Kind = Write }));
        return Shrunk(Fails, seed) is not { } result
            || result.Equals(P([1, 1, 1, 0], [], [new Call(Write)], [new Call(Pageout)]));
    }

    [Property(MaxTest = 300)]
    public bool Two_different_objects_stay_different_and_get_the_lowest_numbers(ulong seed)
    {
        static bool Fails(Program p) => All(p).Any(call => call.Kind == Fork && call.A != call.B);
        return Shrunk(Fails, seed) is not { } result
            || result.Equals(P([2, 1, 1, 0], [], [new Call(Fork, 0, 1)]));
    }

    [Property(MaxTest = 300)]
    public bool Numbers_shrink_to_the_least_that_fails(ulong seed)
    {
        static bool Fails(Program p) => All(p).Any(call => call.Kind == Zap && call.C >= 3) && p.Shape[2] >= 4;
        return Shrunk(Fails, seed) is not { } result
            || result.Equals(P([1, 1, 4, 0], [], [new Call(Zap, 0, 0, 3)]));
    }

    [Property(MaxTest = 300)]
    public bool A_setup_that_is_needed_stays_and_the_rest_of_it_goes(ulong seed)
    {
        static bool Fails(Program p) =>
            p.Setup.Any(set => set.Kind == Write && p.Cpus.Any(lane => lane.Contains(set with { Kind = Pageout })));
        return Shrunk(Fails, seed) is not { } result
            || result.Equals(P([1, 1, 1, 0], [new Call(Write)], [new Call(Pageout)]));
    }

    [Fact]
    public void Calls_that_are_only_needed_for_each_other_go_together()
    {
        // Neither a pin without its unpin fails, nor an unpin without its pin; without both it does.
        static bool Fails(Program p) =>
            All(p).Count(call => call.Kind == Pin) == All(p).Count(call => call.Kind == Unpin)
            && All(p).Any(call => call.Kind == Write);
        Program start = P([1, 1, 1, 0], [new Call(Pin)], [new Call(Write), new Call(Unpin)]);
        Assert.Equal(P([1, 1, 1, 0], [], [new Call(Write)]), new Shrinker(new Predicate(Fails)).Shrink(start));
    }

    [Property(MaxTest = 200)]
    public bool When_everything_fails_one_call_in_the_smallest_world_is_left(ulong seed)
    {
        Program result = new Shrinker(new Predicate(_ => true)).Shrink(RandomPrograms.Draw(Mm, new Rng(seed)));
        Call least = Program.Clamp(Mm, P([], []).Shape, new Call(result.Cpus[0][0].Kind));
        return result.Equals(P([1, 1, 1, 0], [], [least]));
    }

    [Property(MaxTest = 200)]
    public bool It_ends_whatever_the_test_says_and_tests_no_program_twice(ulong seed)
    {
        // A test that tosses coins contradicts itself; each program it is shown must still be new and simpler.
        Rng coins = new(~seed);
        Program best = RandomPrograms.Draw(Mm, new Rng(seed));
        HashSet<Program> seen = [best];
        bool orderly = true;
        bool Fails(Program candidate)
        {
            orderly &= seen.Add(candidate) && SimplerThan.Holds(candidate, best);
            orderly &= candidate.Clamped().Equals(candidate);
            bool fails = coins.Chance(1, 3);
            best = fails ? candidate : best;
            return fails;
        }

        Shrinker shrinker = new(new Predicate(Fails));
        return shrinker.Shrink(best).Equals(best) && orderly && shrinker.Tests == seen.Count - 1;
    }

    [Property(MaxTest = 200)]
    public bool Shrinking_twice_changes_nothing(ulong seed)
    {
        // An arbitrary law that knows no mercy: the sum of all that is in a program is a multiple of 5.
        static bool Fails(Program p) =>
            (All(p).Sum(call => 3 * call.Kind + call.A + 7 * call.B + call.C) + p.Shape.Sum()) % 5 == 0;
        return Shrunk(Fails, seed) is not { } once
            || new Shrinker(new Predicate(Fails)).Shrink(once).Equals(once);
    }

    private static Program P(int[] shape, Call[] setup, params Call[][] cpus) => new(Mm, shape, setup, cpus);

    private static IEnumerable<Call> All(Program p) => p.Setup.Concat(p.Cpus.SelectMany(lane => lane));

    private static IEnumerable<(Call Call, Call[] Other)> Pairs(Program p) =>
        from a in Enumerable.Range(0, p.Cpus.Length)
        from b in Enumerable.Range(0, p.Cpus.Length)
        where a != b
        from call in p.Cpus[a]
        where call.Kind == Pageout
        select (call, p.Cpus[b]);

    /// <summary>The result of shrinking the first random program that fails; null when none of 2,000 does.</summary>
    private static Program? Shrunk(Func<Program, bool> fails, ulong seed)
    {
        Rng rng = new(seed);
        for (int i = 0; i < 2000; i++)
        {
            Program program = RandomPrograms.Draw(Mm, rng);
            if (fails(program))
            {
                return new Shrinker(new Predicate(fails)).Shrink(program);
            }
        }

        return null;
    }

    private sealed class Predicate(Func<Program, bool> fails) : ICandidateTest
    {
        public bool Fails(Program candidate) => fails(candidate);
    }
}
