using System.Numerics;
using Fuzz.Programs;

namespace Fuzz.Shrinking;

/// <summary>The one order of programs of a language: what the shrinker calls progress, and why it ends.</summary>
/// <remarks>
/// In this order, the first difference decides:
/// 1. fewer cpus; 2. fewer calls in the lanes; 3. fewer calls in the setup; 4. lengths of the lanes, the first lane's
/// first;
/// 5. kinds of the calls, in the order setup, cpu0, cpu1 ...; 6. fewer different identifiers; 7. smaller sum of all
/// arguments; 8. the arguments one by one; 9. smaller sum of the shape's distances from its simplest values;
/// 10. those distances one by one; 11. the shape's values one by one.
/// It is a strict total order: 4, 5, 8 and 11 together are the whole program. A language has finitely many programs
/// (cpus, calls, arguments and shape are bounded), so no chain of ever simpler programs goes on for ever.
/// </remarks>
public sealed class SimplerThan : IComparer<Program>
{
    private SimplerThan()
    {
    }

    /// <summary>The order as a comparer: the simpler program comes first.</summary>
    public static SimplerThan Order { get; } = new();

    /// <summary>Whether <paramref name="a"/> is simpler than <paramref name="b"/>.</summary>
    public static bool Holds(Program a, Program b) => Order.Compare(a, b) < 0;

    /// <inheritdoc />
    public int Compare(Program? x, Program? y)
    {
        if (x is null || y is null || ReferenceEquals(x, y))
        {
            return (x is null ? 0 : 1) - (y is null ? 0 : 1);
        }

        int difference = CompareSizes(x, y);
        if (difference == 0)
        {
            difference = CompareCalls(x, y, kinds: true);
        }

        if (difference == 0)
        {
            difference = Identifiers(x) - Identifiers(y);
        }

        if (difference == 0)
        {
            difference = ArgumentSum(x) - ArgumentSum(y);
        }

        if (difference == 0)
        {
            difference = CompareCalls(x, y, kinds: false);
        }

        return difference != 0 ? difference : CompareShapes(x, y);
    }

    private static int CompareSizes(Program x, Program y)
    {
        int difference = x.Cpus.Length - y.Cpus.Length;
        if (difference == 0)
        {
            difference = LaneCalls(x) - LaneCalls(y);
        }

        if (difference == 0)
        {
            difference = x.Setup.Length - y.Setup.Length;
        }

        for (int i = 0; difference == 0 && i < x.Cpus.Length; i++)
        {
            difference = x.Cpus[i].Length - y.Cpus[i].Length;
        }

        return difference;
    }

    /// <summary>Compares calls one by one; both programs have the same numbers of them everywhere.</summary>
    private static int CompareCalls(Program x, Program y, bool kinds)
    {
        int difference = CompareCalls(x.Setup, y.Setup, kinds);
        for (int i = 0; difference == 0 && i < x.Cpus.Length; i++)
        {
            difference = CompareCalls(x.Cpus[i], y.Cpus[i], kinds);
        }

        return difference;
    }

    private static int CompareCalls(Call[] x, Call[] y, bool kinds)
    {
        int difference = 0;
        for (int i = 0; difference == 0 && i < x.Length; i++)
        {
            difference = kinds ? x[i].Kind - y[i].Kind : Arguments(x[i]).CompareTo(Arguments(y[i]));
        }

        return difference;
    }

    private static int CompareShapes(Program x, Program y)
    {
        IReadOnlyList<ShapeField> fields = x.Language.Shape;
        int difference = 0;
        for (int i = 0; i < fields.Count; i++)
        {
            difference += Distance(x, i) - Distance(y, i);
        }

        for (int i = 0; difference == 0 && i < fields.Count; i++)
        {
            difference = Distance(x, i) - Distance(y, i);
        }

        for (int i = 0; difference == 0 && i < fields.Count; i++)
        {
            difference = x.Shape[i] - y.Shape[i];
        }

        return difference;
    }

    private static int Distance(Program program, int field) =>
        Math.Abs(program.Shape[field] - program.Language.Shape[field].Simplest);

    private static uint Arguments(Call call) =>
        (uint)(call.A << 24 | call.B << 16 | call.C << 8 | call.D);

    private static int LaneCalls(Program program)
    {
        int count = 0;
        foreach (Call[] lane in program.Cpus)
        {
            count += lane.Length;
        }

        return count;
    }

    private static int ArgumentSum(Program program)
    {
        int sum = ArgumentSum(program.Setup);
        foreach (Call[] lane in program.Cpus)
        {
            sum += ArgumentSum(lane);
        }

        return sum;
    }

    private static int ArgumentSum(Call[] calls)
    {
        int sum = 0;
        foreach (Call call in calls)
        {
            sum += call.A + call.B + call.C + call.D;
        }

        return sum;
    }

    /// <summary>Number of different identifiers in the program; the same number under two bounds counts
    /// twice.</summary>
    private static int Identifiers(Program program)
    {
        const int WordsPerBound = 4;
        Span<ulong> seen = stackalloc ulong[program.Language.Shape.Count * WordsPerBound];
        seen.Clear();
        Mark(program.Language, program.Setup, seen);
        foreach (Call[] lane in program.Cpus)
        {
            Mark(program.Language, lane, seen);
        }

        int count = 0;
        foreach (ulong word in seen)
        {
            count += BitOperations.PopCount(word);
        }

        return count;

        static void Mark(Language language, Call[] calls, Span<ulong> seen)
        {
            foreach (Call call in calls)
            {
                Parameter[] parameters = language.Calls[call.Kind].Parameters;
                for (int i = 0; i < parameters.Length; i++)
                {
                    if (parameters[i].IsIdentifier)
                    {
                        int bit = parameters[i].Bound * WordsPerBound * 64 + call[i];
                        seen[bit / 64] |= 1UL << bit;
                    }
                }
            }
        }
    }
}
