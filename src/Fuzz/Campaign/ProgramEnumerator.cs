using Fuzz.Programs;
using Fuzz.Shrinking;

namespace Fuzz.Campaign;

/// <summary>All programs of a shape that are made of some calls, and the few of them that have to be explored to know
/// of all.</summary>
/// <remarks>
/// <para>A program is left to another one, of at most as many calls, where that has all of its executions:</para>
/// <para>1. A setup is a head start: with the setup's calls at the beginning of its first lane, a program has every
/// execution that it had, and more. So those of several lanes have no setup here. Those of one lane have a setup of
/// all calls but the last: what is judged of calls that run alone is judged of all.</para>
/// <para>2. Of programs that are each other under other names (<see cref="Twins"/>), the simplest is there.</para>
/// <para>3. Of calls that can do nothing at their place (<see cref="CallEffect"/>), none is there, or the simplest
/// where the lane forgets what it has cached.</para>
/// </remarks>
public sealed class ProgramEnumerator
{
    private readonly Language language;
    private readonly int[] shape;
    private readonly int lanesMax;

    /// <summary>The programs of a shape.</summary>
    /// <param name="language">What they are written in.</param>
    /// <param name="shape">Bounds the identifiers.</param>
    /// <param name="names">Which calls; they occur with all arguments, but for those that are redundant
    /// (<see cref="Sameness.IsRedundant"/>).</param>
    /// <param name="lanesMax">Most lanes.</param>
    /// <param name="numbersMax">The greatest number that an argument is which names nothing, but for those that must be
    /// greater.</param>
    public ProgramEnumerator(
        Language language, int[] shape, IReadOnlyCollection<string> names, int lanesMax, int numbersMax = 1)
    {
        this.language = language;
        this.shape = new Program(language, shape, [], []).Shape;
        this.lanesMax = lanesMax;
        Calls =
        [
            .. language.Calls.Where(info => names.Contains(info.Name)).SelectMany(info => Of(info, numbersMax))
                .Where(call => !language.Sameness.IsRedundant(this.shape, call)),
        ];
    }

    /// <summary>The calls with their arguments.</summary>
    public IReadOnlyList<Call> Calls { get; }

    /// <summary>How many programs of that many calls there are, in the setup and in the lanes together, each lane with
    /// one at least.</summary>
    public double Count(int size)
    {
        double splits = 0;
        double ofLanes = 1;
        for (int lanes = 1; lanes <= Math.Min(lanesMax, size); lanes++)
        {
            ofLanes = ofLanes * (size - lanes + 1) / lanes;
            splits += ofLanes;
        }

        return splits * Math.Pow(Calls.Count, size);
    }

    /// <summary>Those of that many calls that have to be explored.</summary>
    public IEnumerable<Program> Representatives(int size)
    {
        foreach (int[] lengths in Splits(size, lanesMax))
        {
            foreach (Call[] word in Words(size))
            {
                Call[][] lanes = Cut(lengths, word);
                Program program = Make(lanes);
                if (IsRepresentative(program, lanes))
                {
                    yield return program;
                }
            }
        }
    }

    /// <summary>The programs that are left to a representative for their setup: each of its lanes may have begun first,
    /// with some of its calls, and all other lanes be named as they like.</summary>
    public static IEnumerable<Program> HeadStarts(Program program)
    {
        if (program.Cpus.Length == 1)
        {
            return [program];
        }

        return Twins.Of(program).SelectMany(twin => Enumerable.Range(0, twin.Cpus[0].Length).Select(start =>
            new Program(
                twin.Language, twin.Shape, twin.Cpus[0][..start], [twin.Cpus[0][start..], .. twin.Cpus[1..]])));
    }

    private IEnumerable<Call> Of(CallInfo info, int numbersMax)
    {
        IEnumerable<Call> calls = [new Call(info.Kind)];
        for (int i = 0; i < info.Parameters.Length; i++)
        {
            int index = i;
            Parameter parameter = info.Parameters[i];
            int min = parameter.IsIdentifier ? 0 : parameter.Min;
            int max = parameter.IsIdentifier
                ? shape[parameter.Bound] - 1
                : Math.Clamp(numbersMax, parameter.Min, parameter.Max);
            calls = calls.SelectMany(
                _ => Enumerable.Range(min, max - min + 1), (call, value) => call.With(index, (byte)value));
        }

        return calls;
    }

    /// <summary>Lengths of lanes that are so many calls together.</summary>
    private static IEnumerable<int[]> Splits(int size, int lanesMax)
    {
        if (size == 0)
        {
            return [[]];
        }

        return lanesMax == 0 ? [] :
            from first in Enumerable.Range(1, size)
            from rest in Splits(size - first, lanesMax - 1)
            select (int[])[first, .. rest];
    }

    private IEnumerable<Call[]> Words(int length)
    {
        int[] letters = new int[length];
        while (Calls.Count > 0)
        {
            yield return Array.ConvertAll(letters, letter => Calls[letter]);
            int at = length - 1;
            while (at >= 0 && ++letters[at] == Calls.Count)
            {
                letters[at--] = 0;
            }

            if (at < 0)
            {
                yield break;
            }
        }
    }

    private static Call[][] Cut(int[] lengths, Call[] word)
    {
        Call[][] lanes = new Call[lengths.Length][];
        int at = 0;
        for (int i = 0; i < lanes.Length; i++)
        {
            lanes[i] = word[at..(at + lengths[i])];
            at += lengths[i];
        }

        return lanes;
    }

    private Program Make(Call[][] lanes) => lanes.Length == 1
        ? new Program(language, shape, lanes[0][..^1], [lanes[0][^1..]])
        : new Program(language, shape, [], lanes);

    private bool IsRepresentative(Program program, Call[][] lanes)
    {
        for (int lane = 0; lane < lanes.Length; lane++)
        {
            for (int i = 0; i < lanes[lane].Length; i++)
            {
                CallEffect effect = language.Sameness.EffectOf(lanes, lane, i);
                if (effect == CallEffect.None || (effect == CallEffect.Forgets && HasSimpler(program, lanes, lane, i)))
                {
                    return false;
                }
            }
        }

        return !Twins.Of(program).Any(twin => SimplerThan.Holds(twin, program));
    }

    /// <summary>Whether the program would be simpler with another call that does as little in place of that
    /// one.</summary>
    private bool HasSimpler(Program program, Call[][] lanes, int lane, int index) => Calls.Any(call =>
    {
        Call[][] others = [.. lanes];
        others[lane] = [.. lanes[lane]];
        others[lane][index] = call;
        return language.Sameness.EffectOf(others, lane, index) == CallEffect.Forgets
            && SimplerThan.Holds(Make(others), program);
    });
}
