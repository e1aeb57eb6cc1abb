namespace Fuzz.Programs;

/// <summary>A program under other names: what is alike changes places, lanes too. All do the same.</summary>
/// <remarks>See <see cref="Sameness"/> for what is alike, and why.</remarks>
public static class Twins
{
    /// <summary>All programs that are this one under other names, itself among them.</summary>
    public static IEnumerable<Program> Of(Program program) =>
        from orders in Orders(program)
        from lanes in LaneOrders(program)
        select Rename(program, orders, lanes);

    /// <summary>The orders in which the lanes may stand. What the setup leaves behind is the first one's.</summary>
    private static IEnumerable<int[]> LaneOrders(Program program)
    {
        int first = program.Setup.Length == 0 ? 0 : 1;
        return Permutations(Walks(program, Sameness.Lanes) ? program.Cpus.Length : first, program.Cpus.Length);
    }

    /// <summary>For each field of the shape, its identifiers by the new name of each; empty where they keep
    /// theirs.</summary>
    private static IEnumerable<int[][]> Orders(Program program)
    {
        IEnumerable<int[][]> all = [[]];
        for (int field = 0; field < program.Shape.Length; field++)
        {
            int first = program.Language.Sameness.FirstAlike(program.Shape, field);
            int count = program.Shape[field];
            bool alike = first < count - 1 && !Walks(program, field);
            int[][] own = alike ? [.. Permutations(first, count)] : [[]];
            all = all.SelectMany(orders => own, (orders, order) => (int[][])[.. orders, order]);
        }

        return all;
    }

    private static bool Walks(Program program, int field)
    {
        Sameness sameness = program.Language.Sameness;
        return Array.Exists(program.Setup, call => sameness.Walks(call, field))
            || Array.Exists(program.Cpus, lane => Array.Exists(lane, call => sameness.Walks(call, field)));
    }

    private static Program Rename(Program program, int[][] orders, int[] lanes)
    {
        return new Program(
            program.Language, program.Shape, Array.ConvertAll(program.Setup, Name),
            Array.ConvertAll(lanes, lane => Array.ConvertAll(program.Cpus[lane], Name)));

        Call Name(Call call)
        {
            Parameter[] parameters = program.Language.Calls[call.Kind].Parameters;
            for (int i = 0; i < parameters.Length; i++)
            {
                if (parameters[i].IsIdentifier && orders[parameters[i].Bound] is { Length: > 0 } order)
                {
                    call = call.With(i, (byte)order[call[i]]);
                }
            }

            return call;
        }
    }

    /// <summary>All orders of 0 .. count-1 that leave those before <paramref name="first"/> where they are.</summary>
    private static IEnumerable<int[]> Permutations(int first, int count)
    {
        if (first >= count - 1)
        {
            return [[.. Enumerable.Range(0, count)]];
        }

        return from rest in Permutations(first + 1, count)
            from place in Enumerable.Range(first, count - first)
            select Swapped(rest, first, place);
    }

    private static int[] Swapped(int[] order, int one, int other)
    {
        int[] copy = [.. order];
        (copy[one], copy[other]) = (copy[other], copy[one]);
        return copy;
    }
}
