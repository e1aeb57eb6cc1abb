using System.Globalization;
using Conformance;
using Fuzz.Execution;
using Mm;

namespace Tests.Mutation;

/// <summary>Judges one mutant after the other: numbers come in by lines, verdicts go out by lines.</summary>
public sealed class Worker
{
    private const int PollMilliseconds = 100;
    private const int SecondChanceMilliseconds = 500;

    /// <summary>How long one program may take: thousands of times what it takes on average. Of the processor's time,
    /// so that others who use it do no harm.</summary>
    private static readonly TimeSpan ProgramTimeMax = TimeSpan.FromSeconds(2);

    private readonly MutantSwitch control;
    private readonly Func<int, string> attempt;
    private int progress;
    private volatile bool hangs;

    private Worker(string folder, int executions, int rerunMax, string? recording)
    {
        int mutantsMax = new Mutants(folder).All[^1].Id + 1;
        control = new MutantSwitch(typeof(Points).Assembly, mutantsMax);
        Points.DefineAll();
        if (recording is null)
        {
            Series series = new();
            Baseline baseline = Baseline.Of(folder, executions, control, mutantsMax);
            attempt = mutant => Try(mutant, series, baseline, rerunMax);
        }
        else
        {
            IReadOnlyList<Recorded> programs = [];
            HashSet<int> met = [.. control.MetBy(() => programs = Verdicts.Load(recording))];
            attempt = mutant => Compare(mutant, programs, met);
        }
    }

    /// <summary>Works until the input ends.</summary>
    public static void Work(string folder, int executions, int rerunMax, string? recording)
    {
        Worker worker = new(folder, executions, rerunMax, recording);
        Console.WriteLine("ready");
        while (Console.ReadLine() is { } line)
        {
            Console.WriteLine(worker.Judge(int.Parse(line, CultureInfo.InvariantCulture)));
        }
    }

    private string Judge(int mutant)
    {
        string verdict = "";
        Thread thread = new(() => verdict = attempt(mutant), 16 << 20) { IsBackground = true };
        hangs = false;
        thread.Start();
        if (!Ends(thread))
        {
            // Mostly the loop ends when the mutant does. If not, the process must.
            hangs = true;
            control.Activate(MutantSwitch.None);
            return thread.Join(SecondChanceMilliseconds) ? "hang" : "hang-for-ever";
        }

        return verdict;
    }

    /// <summary>Whether the thread gets to its end, one program after the other.</summary>
    private bool Ends(Thread thread)
    {
        int seen = Volatile.Read(ref progress);
        TimeSpan since = Environment.CpuUsage.TotalTime;
        while (!thread.Join(PollMilliseconds))
        {
            if (seen != Volatile.Read(ref progress))
            {
                seen = Volatile.Read(ref progress);
                since = Environment.CpuUsage.TotalTime;
            }
            else if (Environment.CpuUsage.TotalTime - since > ProgramTimeMax)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>With what a real kernel has shown.</summary>
    private string Compare(int mutant, IReadOnlyList<Recorded> programs, HashSet<int> met)
    {
        if (!met.Contains(mutant))
        {
            return "unmet\t0\t";
        }

        try
        {
            control.Activate(mutant);
            string? difference = Verdicts.OfLiving(programs.Select(program =>
            {
                Volatile.Write(ref progress, progress + 1);
                return program;
            }));
            return difference is null ? "survived\t0\t" : $"kernel\t0\t{difference}";
        }
        catch (Exception error)
        {
            return $"exception\t0\t{error.GetType().Name}";
        }
        finally
        {
            control.Activate(MutantSwitch.None);
        }
    }

    private string Try(int mutant, Series series, Baseline baseline, int rerunMax)
    {
        int executions = 0;
        try
        {
            control.Activate(mutant);
            MmEngine engine = new();
            Executor executor = new(engine);
            Bits rerun = new(baseline.Programs);
            Bits reached = Baseline.NewReach();
            string? broken = null;
            for (int number = 0; number < baseline.Programs && executions < rerunMax; number++)
            {
                if (broken is not null || hangs)
                {
                    break;
                }

                if (!baseline.Meets(number, mutant))
                {
                    continue;
                }

                Volatile.Write(ref progress, progress + 1);
                rerun.Add(number);
                executions += series.Run(number, executor, () =>
                {
                    Baseline.AddReach(executor, reached);
                    broken = Unknown(engine, baseline);
                    return broken is null && !hangs;
                });
            }

            return broken is not null ? $"law\t{executions}\t{broken}"
                : executions == 0 ? "unmet\t0\t"
                : baseline.Missed(mutant, rerun, reached) is { } point ? $"reach\t{executions}\t{point}"
                : $"survived\t{executions}\t";
        }
        catch (Exception error)
        {
            return $"exception\t{executions}\t{error.GetType().Name}";
        }
        finally
        {
            control.Activate(MutantSwitch.None);
        }
    }

    private static string? Unknown(MmEngine engine, Baseline baseline)
    {
        foreach (Violation violation in engine.Verdict.Violations)
        {
            if (violation.Signature.ToString() is { } signature && !baseline.Known.Contains(signature))
            {
                return signature;
            }
        }

        return null;
    }
}
