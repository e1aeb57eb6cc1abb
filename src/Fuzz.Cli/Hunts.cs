using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Fuzz.Campaign;
using Fuzz.Reporting;
using Generators;

namespace Fuzz.Cli;

/// <summary>What came of hunting one story.</summary>
/// <param name="Story">The story.</param>
/// <param name="Seeds">Hunts made.</param>
/// <param name="SeedsFound">Hunts that found it.</param>
/// <param name="Executions">Median over the hunts.</param>
/// <param name="Seconds">Median over the hunts, without shrinking and proof.</param>
/// <param name="SecondsMax">The longest hunt.</param>
/// <param name="ShrinkSeconds">Median over the finds that were shrunk.</param>
/// <param name="Best">The simplest of the shrunk reproducers, with its proof; null when it was not found.</param>
/// <param name="Aftermath">What became of the programs that were found.</param>
internal sealed record StoryOutcome(
    Story Story, int Seeds, int SeedsFound, long Executions, double Seconds, double SecondsMax, double ShrinkSeconds,
    Reproducer? Best, Aftermath Aftermath)
{
    /// <summary>Whether all hunts, the shrinking, the proof and the blame were done to their end.</summary>
    public bool IsFinished { get; init; }

    /// <summary>Whether every hunt found it.</summary>
    public bool Found => Seeds > 0 && SeedsFound == Seeds;
}

/// <summary>What is spent on a reproducer once it is shrunk; 0 for nothing.</summary>
/// <param name="Proof">Executions for each part of the proof.</param>
/// <param name="Blame">Executions at each point of the history.</param>
internal sealed record AfterBudget(long Proof, long Blame);

/// <summary>Hunts stories with several seeds on a few threads. Each hunt is timed alone, on one thread.</summary>
internal sealed class Hunts(Story[] stories, ulong seed, int seeds, int workers, AfterBudget budget, Screen screen)
{
    /// <summary>Finds of a story that are shrunk: those of the first seeds. More of them hardly ever become
    /// simpler.</summary>
    private const int ShrunkMax = 3;

    /// <summary>Executions of each program that was found, to see what becomes of it.</summary>
    private const int AftermathExecutions = 2000;

    private readonly System.Threading.Lock gate = new();
    private readonly List<Hunt>[] done = stories.Select(_ => new List<Hunt>()).ToArray();
    private readonly StoryOutcome?[] outcomes = new StoryOutcome?[stories.Length];
    private readonly Stopwatch watch = new();
    private ExceptionDispatchInfo? failed;
    private int next;
    private int finished;

    /// <summary>The first seed; the others follow it.</summary>
    public ulong Seed => seed;

    /// <summary>
    /// The reproducer that a story has already, or null. It stays, with its proof and blame, unless a simpler one is
    /// found.
    /// </summary>
    public Func<Story, Reproducer?> Kept { get; init; } = _ => null;

    /// <summary>Number of seeds.</summary>
    public int Seeds => seeds;

    /// <summary>Seconds that all took.</summary>
    public double Seconds => watch.Elapsed.TotalSeconds;

    /// <summary>Hunts all; stories that were not finished when it was cancelled are there with what was done.</summary>
    public IReadOnlyList<StoryOutcome> Run(CancellationToken cancel)
    {
        const int ProgressMilliseconds = 200;
        watch.Restart();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Thread[] threads = Enumerable.Range(0, Math.Min(workers, stories.Length * seeds))
            .Select(_ => new Thread(() => Work(stop))).ToArray();
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        foreach (Thread thread in threads)
        {
            while (!thread.Join(ProgressMilliseconds))
            {
                screen.Live(
                    $"{Seconds,6:0.0} s  {finished} of {stories.Length * seeds} hunts done, "
                    + $"{outcomes.Count(o => o is not null)} of {stories.Length} stories", Seconds);
            }
        }

        failed?.Throw();
        return outcomes.Select((outcome, i) => outcome ?? Summarize(i, cancel)).ToArray();
    }

    private void Work(CancellationTokenSource stop)
    {
        try
        {
            while (!stop.IsCancellationRequested)
            {
                int job = Interlocked.Increment(ref next) - 1;
                if (job >= stories.Length * seeds)
                {
                    return;
                }

                int story = job / seeds;
                Finish(story, HuntOnce(stories[story], seed + (ulong)(job % seeds), stop.Token), stop.Token);
            }
        }
        catch (Exception error)
        {
            lock (gate)
            {
                failed ??= ExceptionDispatchInfo.Capture(error);
            }

            stop.Cancel();
        }
    }

    private static Hunt HuntOnce(Story story, ulong seed, CancellationToken cancel)
    {
        HuntOptions options = new(AftermathExecutions: AftermathExecutions);
        HuntResult result = Hunter.Hunt(story, new ProgramSource(), seed, options, cancel);
        Reproducer? reproducer = result.Find is not { } find
            ? null
            : new Reproducer(find.Program, find.Schedule, find.Violation.Signature)
            {
                Remark = $"{Capital(story.Title)}.",
                Variants = story.Variants,
                Engine = EngineVersion.Current,
            };
        return new Hunt(seed, result.Executions, result.Seconds, reproducer, result.Aftermath);
    }

    /// <summary>A sentence, unless it begins with a kernel function, whose name stays as it is.</summary>
    private static string Capital(string text)
    {
        string word = text.Split(' ')[0];
        return word.Any(letter => letter is '_' or '(') ? text : char.ToUpperInvariant(text[0]) + text[1..];
    }

    private void Finish(int story, Hunt hunt, CancellationToken cancel)
    {
        bool last;
        lock (gate)
        {
            finished++;
            if (cancel.IsCancellationRequested && hunt.Found is null)
            {
                return;
            }

            done[story].Add(hunt);
            last = done[story].Count == seeds;
        }

        if (last)
        {
            StoryOutcome outcome = Summarize(story, cancel);
            outcome = outcome with { IsFinished = !cancel.IsCancellationRequested };
            lock (gate)
            {
                outcomes[story] = outcome;
            }

            screen.Note(Describe(outcome));
        }
    }

    private static string Describe(StoryOutcome outcome)
    {
        string name = outcome.Story.Name.PadRight(24);
        return outcome.Best is not { } best
            ? $"{name} not found in {outcome.Executions:#,0} executions, {outcome.Seconds:0.0} s"
            : $"{name} found in {outcome.Executions,9:#,0} executions, {outcome.Seconds,6:0.00} s; "
            + $"{best.Program.Cpus.Length} cpus, {best.Program.ConcurrentCalls} calls after "
            + $"{best.Program.Setup.Length} of setup, {best.Schedule.Preemptions} preemption(s)";
    }

    private StoryOutcome Summarize(int index, CancellationToken cancel)
    {
        Hunt[] hunts = [.. done[index].OrderBy(h => h.Seed)];
        Hunt[] finds = [.. hunts.Where(h => h.Found is not null)];
        List<double> shrinks = [];
        Reproducer? best = null;
        foreach (Hunt find in finds.Take(ShrunkMax))
        {
            long start = Stopwatch.GetTimestamp();
            Reproducer candidate = Pipeline.Shrink(find.Found!);
            shrinks.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            best = best is null || Rank(candidate).CompareTo(Rank(best)) < 0 ? candidate : best;
        }

        Aftermath aftermath = new();
        foreach (Hunt find in finds)
        {
            aftermath.Add(find.Aftermath);
        }

        long executions = Median(hunts.Select(h => h.Executions));
        if (best is not null)
        {
            Reproducer? kept = Kept(stories[index]) is { } old && !IsSimpler(best, old) ? old : null;
            best = Pipeline.Copy(
                kept ?? Conclude(best, cancel), aftermath: aftermath,
                hunted: FormattableString.Invariant(
                    $"{finds.Length} of {hunts.Length} seeds, {executions:#,0} executions in the median"));
        }

        return new StoryOutcome(
            stories[index], hunts.Length, finds.Length, executions, Median(hunts.Select(h => h.Seconds)),
            hunts.Select(h => h.Seconds).DefaultIfEmpty(0).Max(), Median(shrinks), best, aftermath);
    }

    private static bool IsSimpler(Reproducer reproducer, Reproducer old) =>
        (Rank(reproducer) with { Turns = 0, Text = "" }).CompareTo(Rank(old) with { Turns = 0, Text = "" }) < 0;

    private Reproducer Conclude(Reproducer best, CancellationToken cancel)
    {
        Incident incident = Pipeline.Witness(best, "shrunk reproducer");
        string? symptom = incident.Symptom?.Message ?? incident.Symptom?.Signature.Law ?? incident.Main!.Message;
        Reproducer proven = Pipeline.Prove(Pipeline.Copy(best, symptom: symptom), budget.Proof, cancel);
        proven = budget.Proof > 0 ? Pipeline.ProveMinimal(proven, budget.Proof, cancel) : proven;
        return Pipeline.Blame(proven, budget.Blame, cancel);
    }

    /// <summary>Simpler reproducers come first; the text decides between equals, so that the order of threads does
    /// not.</summary>
    private static (int Cpus, int Calls, int Setup, int Preemptions, int Turns, string Text) Rank(
        Reproducer reproducer) => (
        reproducer.Program.Cpus.Length, reproducer.Program.ConcurrentCalls, reproducer.Program.Setup.Length,
        reproducer.Schedule.Preemptions, reproducer.Schedule.Turns.Count, reproducer.Print());

    private static T Median<T>(IEnumerable<T> values)
    {
        T[] sorted = values.Order().ToArray();
        return sorted.Length == 0 ? default! : sorted[(sorted.Length - 1) / 2];
    }

    private sealed record Hunt(
        ulong Seed, long Executions, double Seconds, Reproducer? Found, Aftermath Aftermath);
}
