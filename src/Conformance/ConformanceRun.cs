using System.Runtime.ExceptionServices;
using Fuzz.Programs;
using Interleave;

namespace Conformance;

/// <summary>How much is compared.</summary>
/// <param name="Programs">Number of programs.</param>
/// <param name="Seed">Where their random numbers come from: program i is the same whoever runs it.</param>
/// <param name="Workers">Kernels side by side.</param>
public sealed record ConformanceBudget(int Programs, ulong Seed, int Workers);

/// <summary>Differences of one signature.</summary>
/// <param name="Count">How many programs ended in it.</param>
/// <param name="Example">The simplest program of the first.</param>
/// <param name="Freedom">What explains it, or null.</param>
public sealed record DifferenceCount(int Count, Difference Example, Freedom? Freedom);

/// <summary>Compares random programs on a few kernels side by side.</summary>
/// <param name="release">The kernels' version.</param>
/// <param name="draw">Makes a program of random numbers.</param>
/// <param name="open">Makes a kernel for a worker.</param>
/// <param name="budget">How much.</param>
public sealed class ConformanceRun(
    Release release, Func<Rng, Program> draw, Func<int, IKernelSide> open, ConformanceBudget budget)
{
    /// <summary>Differences that are shrunk; a run that finds more has one cause for many.</summary>
    private const int ShrunkMax = 24;

    private const ulong SeedStep = 0x9E3779B97F4A7C15UL;

    private readonly System.Threading.Lock gate = new();
    private readonly SortedDictionary<string, DifferenceCount> differences = new(StringComparer.Ordinal);
    private readonly List<string> failures = [];
    private readonly List<string> interruptions = [];
    private readonly long[] callCounts = new long[MmLanguage.Instance.Calls.Count];
    private ExceptionDispatchInfo? failed;
    private int next;
    private int done;
    private long calls;
    private int outside;

    /// <summary>Told of each program on which both sides agree from its first call to its last, and of the kernel that
    /// ran it; by one thread at a time.</summary>
    public Action<Program, IKernelSide>? Agreed { get; init; }

    /// <summary>Told of the first program of each signature that nothing explains, and again once it is shrunk, so that
    /// neither waits for the end of the run; by one thread at a time.</summary>
    public Action<Difference>? Found { get; init; }

    /// <summary>Programs that were run.</summary>
    public int Programs => done;

    /// <summary>Calls that were made on both sides.</summary>
    public long Calls => Interlocked.Read(ref calls);

    /// <summary>Programs that ended early, where the engine's world is too small.</summary>
    public int Outside => outside;

    /// <summary>How often each call was made, by kind.</summary>
    public IReadOnlyList<long> CallCounts => callCounts;

    /// <summary>The differences by signature.</summary>
    public IReadOnlyDictionary<string, DifferenceCount> Differences => differences;

    /// <summary>Programs that differed.</summary>
    public int Differing
    {
        get
        {
            lock (gate)
            {
                return differences.Values.Sum(difference => difference.Count);
            }
        }
    }

    /// <summary>Programs that differed for no reason that is known, kernels that were lost, and laws of the engine that
    /// were broken.</summary>
    public int Unexplained
    {
        get
        {
            lock (gate)
            {
                return failures.Count
                    + differences.Values.Where(difference => difference.Freedom is null).Sum(each => each.Count);
            }
        }
    }

    /// <summary>Kernels that were lost, and laws that the engine broke, in words.</summary>
    public IReadOnlyList<string> Failures => failures;

    /// <summary>Kernels that were lost with a program that a fresh one has survived, in words: none of a program's
    /// doing alone, but to be looked at.</summary>
    public IReadOnlyList<string> Interruptions => interruptions;

    /// <summary>Runs all.</summary>
    /// <param name="progress">Called by this thread now and then.</param>
    /// <param name="cancel">Ends it early; what was done stays.</param>
    public void Run(Action progress, CancellationToken cancel)
    {
        const int ProgressMilliseconds = 200;
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Thread[] threads = [.. Enumerable.Range(0, Math.Max(1, Math.Min(budget.Workers, budget.Programs)))
            .Select(worker => new Thread(() => Work(worker, stop)))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        foreach (Thread thread in threads)
        {
            while (!thread.Join(ProgressMilliseconds))
            {
                progress();
            }
        }

        failed?.Throw();
    }

    private void Work(int worker, CancellationTokenSource stop)
    {
        try
        {
            using IKernelSide kernel = open(worker);
            Conformer conformer = new(new EngineSide(judged: true, release.Variants), kernel, new Comparison(release));
            while (!stop.IsCancellationRequested && Interlocked.Increment(ref next) - 1 is var number
                && number < budget.Programs)
            {
                RunOne(conformer, kernel, draw(new Rng(budget.Seed + (ulong)number * SeedStep)));
                Interlocked.Increment(ref done);
            }

            lock (gate)
            {
                for (int kind = 0; kind < callCounts.Length; kind++)
                {
                    callCounts[kind] += conformer.CallCounts[kind];
                }
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

    private void RunOne(Conformer conformer, IKernelSide kernel, Program program)
    {
        try
        {
            Trial trial = RunAgain(conformer, program);
            Interlocked.Add(ref calls, trial.Calls);
            if (trial.End == TrialEnd.Outside)
            {
                Interlocked.Increment(ref outside);
            }

            if (trial.End == TrialEnd.EngineFailed)
            {
                Fail($"the engine: {(trial.Broken.Count > 0 ? trial.Broken[0].Signature : "waits for ever")}", program);
            }

            if (trial.End == TrialEnd.Agrees && Agreed is not null)
            {
                lock (gate)
                {
                    Agreed(program, kernel);
                }
            }

            if (trial.Difference is { } difference)
            {
                Note(conformer, difference);
            }
        }
        catch (KernelLostException lost)
        {
            Fail($"the kernel is lost: {lost.Message}", program);
        }
    }

    /// <summary>Emulators die now and then of a machine that is busy: a program that a fresh kernel survives is not
    /// what killed it.</summary>
    private Trial RunAgain(Conformer conformer, Program program)
    {
        try
        {
            return conformer.Run(program);
        }
        catch (KernelLostException lost)
        {
            Trial trial = conformer.Run(program);
            lock (gate)
            {
                interruptions.Add(lost.Message);
            }

            return trial;
        }
    }

    private void Note(Conformer conformer, Difference difference)
    {
        bool known;
        lock (gate)
        {
            known = differences.ContainsKey(difference.Signature);
            Count(difference);
            known |= differences.Count > ShrunkMax;
            if (!known)
            {
                Tell(difference);
            }
        }

        if (!known)
        {
            Difference shrunk = conformer.Shrink(difference);
            lock (gate)
            {
                differences[difference.Signature] = differences[difference.Signature] with { Example = shrunk };
                Tell(shrunk);
            }
        }
    }

    private void Tell(Difference difference)
    {
        if (differences[difference.Signature].Freedom is null)
        {
            Found?.Invoke(difference);
        }
    }

    private void Count(Difference difference)
    {
        differences.TryGetValue(difference.Signature, out DifferenceCount? before);
        differences[difference.Signature] = before is null
            ? new DifferenceCount(1, difference, Freedom.Of(difference, release))
            : before with { Count = before.Count + 1 };
    }

    private void Fail(string what, Program program)
    {
        lock (gate)
        {
            failures.Add($"{what}\n{ProgramText.Print(Difference.Fitting(program))}");
        }
    }
}
