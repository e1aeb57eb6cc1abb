using Fuzz.Execution;
using Fuzz.Programs;
using Interleave;
using Mm;

namespace Tests.Mutation;

/// <summary>What the campaign does when no mutant is alive: which program comes by which mutant, which points are
/// reached, and which laws v6.18 itself breaks.</summary>
/// <remarks>A program that does not come by a mutant runs alike with it: only the others need to be run
/// again.</remarks>
internal sealed class Baseline
{
    /// <summary>A point that fewer programs reach may be missed by accident.</summary>
    private const int Often = 10;

    private readonly List<Bits> mutants = [];
    private readonly List<Bits> points = [];
    private Bits always = null!;

    /// <summary>The laws that v6.18 breaks in this campaign, as signatures.</summary>
    public HashSet<string> Known { get; } = new(StringComparer.Ordinal);

    /// <summary>Number of programs.</summary>
    public int Programs => mutants.Count;

    /// <summary>Reads the file of that budget, or makes it.</summary>
    public static Baseline Of(string folder, int executions, MutantSwitch mutants, int mutantsMax)
    {
        string file = Path.Combine(folder, $"baseline-{executions}.bin");
        if (!File.Exists(file))
        {
            Baseline made = new();
            made.Make(executions, mutants, mutantsMax);
            made.Write(file);
        }

        Baseline baseline = new();
        baseline.Read(file);
        return baseline;
    }

    /// <summary>Whether a program comes by a mutant.</summary>
    public bool Meets(int program, int mutant) => mutants[program][mutant] || always[mutant];

    /// <summary>A point that many of the programs that were run again reach, and no program that does not come by the
    /// mutant, but that was not reached now; or a call that then was always, or never, refused; or null.</summary>
    /// <param name="mutant">The mutant.</param>
    /// <param name="rerun">The programs that were run again: the first that come by it.</param>
    /// <param name="reached">What they reached now.</param>
    public string? Missed(int mutant, Bits rerun, Bits reached)
    {
        for (int point = 0; point < reached.Size; point++)
        {
            int count = 0;
            bool others = reached[point];
            for (int program = 0; program < Programs && !others; program++)
            {
                if (points[program][point])
                {
                    others = !Meets(program, mutant);
                    count += rerun[program] ? 1 : 0;
                }
            }

            if (!others && count >= Often)
            {
                return NameOf(point);
            }
        }

        return null;
    }

    private void Make(int executions, MutantSwitch control, int mutantsMax)
    {
        // What the first engine meets and the second does not is met by no other: initial values of static fields.
        MmEngine engine = new();
        always = new Bits(mutantsMax);
        foreach (int met in control.MetBy(() => engine = new MmEngine()))
        {
            always.Add(met);
        }

        Series series = new();
        Executor executor = new(engine);
        for (int number = 0; number * Series.SchedulesPerProgram < executions; number++)
        {
            Bits met = new(mutantsMax);
            Bits reached = NewReach();
            foreach (int mutant in control.MetBy(() => series.Run(number, executor, () =>
                 {
                     AddReach(executor, reached);
                     Known.UnionWith(engine.Verdict.Violations.Select(violation => violation.Signature.ToString()));
                     return true;
                 })))
            {
                met.Add(mutant);
            }

            mutants.Add(met);
            points.Add(reached);
        }
    }

    /// <summary>An empty set of what campaigns reach: points, calls that found something to do, and calls that did
    /// not.</summary>
    public static Bits NewReach() => new(Points.Table.Count + (2 * MmLanguage.Instance.Calls.Count));

    /// <summary>Adds what the last execution reached, and the calls of all since the executor was last asked.</summary>
    public static void AddReach(Executor executor, Bits reached)
    {
        foreach (TraceStep step in executor.Engine.Machine.Trace)
        {
            reached.Add(step.Point);
        }

        for (int kind = 0; kind < MmLanguage.Instance.Calls.Count; kind++)
        {
            for (int refused = 0; refused < 2; refused++)
            {
                if (executor.CallCounts[kind, refused] > 0)
                {
                    reached.Add(Points.Table.Count + (2 * kind) + refused);
                    executor.CallCounts[kind, refused] = 0;
                }
            }
        }
    }

    private static string NameOf(int reach)
    {
        int call = reach - Points.Table.Count;
        return call < 0 ? Points.Table[reach].Name
            : MmLanguage.Instance.Calls[call / 2].Name + (call % 2 == 0 ? " effective" : " refused");
    }

    private void Write(string file)
    {
        using BinaryWriter to = new(File.Create(file + ".new"));
        to.Write(Known.Count);
        foreach (string signature in Known)
        {
            to.Write(signature);
        }

        to.Write(Programs);
        to.Write(always.Size);
        to.Write(NewReach().Size);
        always.Write(to);
        for (int program = 0; program < Programs; program++)
        {
            mutants[program].Write(to);
            points[program].Write(to);
        }

        to.Close();
        File.Move(file + ".new", file);
    }

    private void Read(string file)
    {
        using BinaryReader from = new(File.OpenRead(file));
        for (int left = from.ReadInt32(); left > 0; left--)
        {
            Known.Add(from.ReadString());
        }

        int programs = from.ReadInt32();
        int mutantsMax = from.ReadInt32();
        int pointsCount = from.ReadInt32();
        always = Bits.Read(from, mutantsMax);
        for (int program = 0; program < programs; program++)
        {
            mutants.Add(Bits.Read(from, mutantsMax));
            points.Add(Bits.Read(from, pointsCount));
        }
    }
}
