using System.Globalization;
using Conformance;
using Fuzz.Execution;
using Fuzz.Programs;
using Generators;
using Interleave;
using Mm;

namespace Tests.Mutation;

/// <summary>Which lines of the engine a real kernel has judged, of those that calls one after another come by at all.
/// Mutants stand for their lines: they tell when they are met.</summary>
public sealed class Reach
{
    private const int CallsOfProgram = 42;

    private readonly MutantSwitch control;
    private readonly Dictionary<int, (string Folder, string Line)> places;

    private Reach(string folder)
    {
        Mutants mutants = new(folder);
        control = new MutantSwitch(typeof(Points).Assembly, mutants.All[^1].Id + 1);
        places = mutants.All.Where(mutant => mutant.Outside is null).ToDictionary(
            mutant => mutant.Id,
            mutant => (Path.GetDirectoryName(mutant.File)!, $"{mutant.File}:{mutant.Line}"));
        Points.DefineAll();
    }

    /// <summary>Prints both, by folder, and the lines that are missing.</summary>
    /// <param name="folder">What Stryker made.</param>
    /// <param name="recording">What a real kernel showed.</param>
    /// <param name="programs">Random programs of all calls, for what can be reached.</param>
    public static void Print(string folder, string recording, int programs)
    {
        Reach reach = new(folder);
        HashSet<string> judged = reach.Lines(() => Verdicts.Load(recording));
        HashSet<string> reachable = [.. reach.Lines(() => RunAll(programs)), .. judged];
        foreach (IGrouping<string, string> group in reach.places.Values.Distinct()
            .GroupBy(place => place.Folder, place => place.Line, StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            int some = group.Count(reachable.Contains);
            int asked = group.Count(judged.Contains);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{group.Key}: {group.Count()} lines, {some} reached by calls one after another, of these {asked} "
                + $"({100.0 * asked / Math.Max(1, some):0.0} %) judged by a kernel"));
        }

        foreach (string line in reachable.Except(judged).Order(StringComparer.Ordinal))
        {
            Console.WriteLine($"not judged  {line}");
        }
    }

    private static void RunAll(int programs)
    {
        MmEngine engine = new();
        SequentialSource source = new(static _ => true, CallsOfProgram, Worlds.Small | Worlds.Large);
        for (int number = 0; number < programs; number++)
        {
            Program program = source.Fresh(new Rng((ulong)number));
            engine.Verdict.Reset();
            engine.Machine.Reset(1);
            engine.Reset(program.Shape);
            foreach (Call call in program.Setup)
            {
                if (!engine.Machine.RunSolo(Run))
                {
                    break;
                }

                async Flow Run(Cpu cpu) => await engine.Run(cpu, call);
            }
        }
    }

    private HashSet<string> Lines(Action act) =>
        [.. control.MetBy(act).Where(places.ContainsKey).Select(mutant => places[mutant].Line)];
}
