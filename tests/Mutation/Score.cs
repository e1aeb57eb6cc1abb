using System.Diagnostics;
using System.Globalization;

namespace Tests.Mutation;

/// <summary>What a score may cost, and of what.</summary>
internal sealed record Budget(int Executions, int Rerun, string Only, int Sample, int Jobs, string? Recording);

/// <summary>Hands the mutants to workers, keeps their verdicts and counts them.</summary>
internal sealed class Score
{
    /// <summary>An odd number, so that the first mutants in the order of their products are any mutants.</summary>
    private const uint Scatter = 2654435761;

    private readonly Mutants mutants;
    private readonly Budget budget;
    private readonly string file;
    private readonly Dictionary<int, string[]> verdicts = [];
    private readonly Mutant[] asked;
    private readonly Queue<Mutant> queue;

    private Score(Mutants mutants, Budget budget)
    {
        this.mutants = mutants;
        this.budget = budget;
        file = Path.Combine(mutants.Folder, budget.Recording is null ? "verdicts.tsv" : "verdicts-recorded.tsv");
        foreach (string line in File.Exists(file) ? File.ReadLines(file) : [])
        {
            string[] verdict = line.Split('\t');
            verdicts[int.Parse(verdict[0], CultureInfo.InvariantCulture)] = verdict;
        }

        asked = [.. mutants.All.Where(mutant => mutant.File.Contains(budget.Only, StringComparison.Ordinal))
            .OrderBy(mutant => (uint)mutant.Id * Scatter).Take(budget.Sample)];
        queue = new Queue<Mutant>(asked.Where(mutant => !IsJudged(mutant)));
    }

    /// <summary>Judges what has no verdict for this budget, and prints the score.</summary>
    public static void Run(Mutants mutants, Budget budget)
    {
        Score score = new(mutants, budget);
        score.Judge();
        score.Print();
    }

    /// <summary>Killed, or has survived as much.</summary>
    private bool IsJudged(Mutant mutant) =>
        verdicts.TryGetValue(mutant.Id, out string[]? verdict)
        && (IsKilled(verdict) || verdict[1] == $"{budget.Executions}/{budget.Rerun}");

    private static bool IsKilled(string[] verdict) => verdict[2] is not ("survived" or "unmet");

    private void Judge()
    {
        Thread[] threads = [.. Enumerable.Range(0, Math.Min(budget.Jobs, queue.Count)).Select(_ => new Thread(Hand))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }
    }

    /// <summary>Feeds one worker, and the next when it is lost.</summary>
    private void Hand()
    {
        Process worker = Start();
        while (Next() is { } mutant)
        {
            worker.StandardInput.WriteLine(mutant.Id);
            string? verdict = worker.StandardOutput.ReadLine();
            Keep(mutant, verdict ?? "crash");
            if (verdict is null or "hang-for-ever")
            {
                worker.Kill();
                worker.Dispose();
                worker = Start();
            }
        }

        worker.Kill();
        worker.Dispose();
    }

    private Mutant? Next()
    {
        lock (queue)
        {
            return queue.TryDequeue(out Mutant? mutant) ? mutant : null;
        }
    }

    private void Keep(Mutant mutant, string verdict)
    {
        string line = string.Create(
            CultureInfo.InvariantCulture, $"{mutant.Id}\t{budget.Executions}/{budget.Rerun}\t{verdict}");
        lock (verdicts)
        {
            verdicts[mutant.Id] = line.Split('\t');
            File.AppendAllText(file, line + "\n");
        }
    }

    private Process Start()
    {
        ProcessStartInfo start = new(Environment.ProcessPath!)
        {
            ArgumentList =
            {
                MutatedContext.WorkCommand, mutants.Folder,
                "--executions", budget.Executions.ToString(CultureInfo.InvariantCulture),
                "--rerun", budget.Rerun.ToString(CultureInfo.InvariantCulture),
            },
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        if (budget.Recording is { } recording)
        {
            start.ArgumentList.Add("--recording");
            start.ArgumentList.Add(recording);
        }

        // A mutant that never stops allocating should fail, not take the machine with it.
        start.Environment["DOTNET_GCHeapHardLimit"] = "0x60000000";
        Process worker = Process.Start(start)!;
        worker.ErrorDataReceived += (_, _) => { };
        worker.BeginErrorReadLine();
        string? ready = worker.StandardOutput.ReadLine();
        return ready == "ready" ? worker : throw new InvalidOperationException("a worker did not start");
    }

    private void Print()
    {
        foreach (IGrouping<string, Mutant> folder in asked
                     .GroupBy(mutant => Path.GetDirectoryName(mutant.File)!, StringComparer.Ordinal))
        {
            Print(folder.Key, [.. folder.Where(mutant => mutant.Outside is null)]);
            foreach (IGrouping<string, Mutant> outside in folder.Where(mutant => mutant.Outside is not null)
                         .GroupBy(mutant => mutant.Outside!, StringComparer.Ordinal))
            {
                Print($"{folder.Key}, {outside.Key}", [.. outside]);
            }
        }

        foreach (Mutant mutant in asked.Where(mutant => mutant.Outside is null && !IsKilled(verdicts[mutant.Id]))
                     .OrderBy(mutant => mutant.Id))
        {
            Console.WriteLine(
                $"{verdicts[mutant.Id][2]}\t{mutant.File}:{mutant.Line}\t{mutant.Original}\t{mutant.Replacement}");
        }
    }

    private void Print(string name, Mutant[] group)
    {
        int killed = group.Count(mutant => IsKilled(verdicts[mutant.Id]));
        IEnumerable<string> kinds = group.GroupBy(mutant => verdicts[mutant.Id][2], StringComparer.Ordinal)
            .OrderBy(kind => kind.Key, StringComparer.Ordinal).Select(kind => $"{kind.Count()} {kind.Key}");
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name}: {killed} of {group.Length} killed, {100.0 * killed / group.Length:0.0} % "
            + $"({string.Join(", ", kinds)})"));
    }
}
