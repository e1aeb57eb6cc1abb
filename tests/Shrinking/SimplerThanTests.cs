using FsCheck.Xunit;
using Fuzz.Programs;
using Fuzz.Shrinking;
using Interleave;
using Tests.Toys;
using Xunit;

namespace Tests.Shrinking;

/// <summary>The order is strict and total: without that neither the end nor the result of a shrink would be
/// certain.</summary>
public class SimplerThanTests
{
    private static readonly Language Mm = MmLanguage.Instance;

    [Property(MaxTest = 1000)]
    public bool No_program_is_simpler_than_itself_or_its_copy(ulong seed)
    {
        Program a = RandomPrograms.Draw(Mm, new Rng(seed));
        return !SimplerThan.Holds(a, a) && SimplerThan.Order.Compare(a, a.Clamped()) == 0;
    }

    [Property(MaxTest = 2000)]
    public bool Of_two_different_programs_exactly_one_is_simpler(ulong seed, bool near)
    {
        (Program a, Program b, _) = Three(seed, near);
        int holds = (SimplerThan.Holds(a, b) ? 1 : 0) + (SimplerThan.Holds(b, a) ? 1 : 0);
        return holds == (a.Equals(b) ? 0 : 1);
    }

    [Property(MaxTest = 2000)]
    public bool Simpler_than_simpler_is_simpler(ulong seed, bool near)
    {
        (Program a, Program b, Program c) = Three(seed, near);
        Program[] sorted = [a, b, c];
        Array.Sort(sorted, SimplerThan.Order);
        return SimplerThan.Order.Compare(sorted[0], sorted[1]) <= 0
            && SimplerThan.Order.Compare(sorted[1], sorted[2]) <= 0
            && SimplerThan.Order.Compare(sorted[0], sorted[2]) <= 0
            && (!SimplerThan.Holds(a, b) || !SimplerThan.Holds(b, c) || SimplerThan.Holds(a, c));
    }

    [Fact]
    public void The_first_difference_in_the_documented_order_decides()
    {
        // Each program is worse than the one before in one respect, and better in all that come later.
        Program[] ascending =
        [
            P([1, 1, 1, 0], [], [Read(0, 0)]),
            P([1, 1, 1, 1], [], [Read(0, 0)]),
            P([1, 1, 2, 0], [], [Read(0, 0)]),
            P([2, 2, 1, 0], [], [Read(0, 1)]),
            P([2, 2, 1, 0], [], [Read(1, 0)]),
            P([2, 2, 1, 0], [], [Read(1, 1)]),
            P([1, 1, 1, 0], [], [Write(0, 0)]),
            P([1, 1, 1, 0], [Read(0, 0)], [Read(0, 0)]),
            P([1, 1, 1, 0], [], [Read(0, 0), Read(0, 0)]),
            P([1, 1, 1, 0], [Read(0, 0)], [Read(0, 0), Read(0, 0)]),
            P([1, 1, 1, 0], [], [Read(0, 0)], [Read(0, 0)]),
            P([1, 1, 1, 0], [], [Read(0, 0)], [Read(0, 0), Read(0, 0)]),
            P([1, 1, 1, 0], [], [Read(0, 0), Read(0, 0)], [Read(0, 0)]),
        ];
        for (int i = 0; i < ascending.Length; i++)
        {
            for (int j = i + 1; j < ascending.Length; j++)
            {
                Assert.True(SimplerThan.Holds(ascending[i], ascending[j]), $"{i} before {j}");
            }
        }
    }

    [Fact]
    public void One_object_used_twice_is_simpler_than_two_objects_with_lower_numbers()
    {
        Program one = P([1, 4, 1, 0], [], [Read(0, 3), Read(0, 3)]);
        Program two = P([1, 4, 1, 0], [], [Read(0, 0), Read(0, 1)]);
        Assert.True(SimplerThan.Holds(one, two));
    }

    private static Call Read(byte mm, byte page) => new(Mm.Find("read")!.Kind, mm, page);

    private static Call Write(byte mm, byte page) => new(Mm.Find("write")!.Kind, mm, page);

    private static Program P(int[] shape, Call[] setup, params Call[][] cpus) => new(Mm, shape, setup, cpus);

    private static (Program A, Program B, Program C) Three(ulong seed, bool near)
    {
        Rng rng = new(seed);
        Program a = RandomPrograms.Draw(Mm, rng, callsMax: 3);
        Program Other(Program from) => near ? RandomPrograms.Neighbour(from, rng) : RandomPrograms.Draw(Mm, rng, 3);
        Program b = Other(a);
        return (a, b, Other(b));
    }
}
