using Fuzz.Coverage;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;
using Interleave;

namespace Fuzz.Campaign;

/// <summary>The inner loop of all that searches at random: draws or mutates a program, runs it under a portfolio of
/// schedules, keeps what showed something new to mutate it.</summary>
/// <remarks>
/// One engine, one stream of random numbers: what it does depends on nothing else, unless test cases of others are
/// tried in between. Not thread-safe.
/// </remarks>
public sealed class Exploration
{
    private readonly IProgramSource source;
    private readonly Rng rng;
    private readonly Portfolio portfolio;

    /// <summary>What tells the listener of novelty. Edges do only where hand-offs do not: they are carried across cpus,
    /// so that most new ones are shadows of hand-offs seen before. Two thirds of a queue would be there for them alone,
    /// which makes starting again and sharing slow, and they find no story sooner.</summary>
    private readonly Feedback told;

    private readonly Pool pool;
    private readonly MutantShare share = new();
    private readonly List<Feature> notable = [];
    private readonly TestCaseRunner runner;

    /// <summary>An exploration.</summary>
    /// <param name="engine">What runs the programs.</param>
    /// <param name="source">Where fresh programs come from.</param>
    /// <param name="seed">Where all random numbers come from.</param>
    /// <param name="feedback">What it learns from.</param>
    /// <param name="schedules">Makes another portfolio than the one for campaigns.</param>
    public Exploration(
        IEngine engine, IProgramSource source, ulong seed, Feedback feedback = Feedback.All,
        Func<Rng, Portfolio>? schedules = null)
    {
        this.source = source;
        told = feedback.HasFlag(Feedback.Handoffs) ? feedback & ~Feedback.Edges : feedback;
        Executor = new Executor(engine);
        runner = new TestCaseRunner(Executor);
        rng = new Rng(seed);
        portfolio = schedules?.Invoke(rng) ?? new Portfolio(rng, feedback.HasFlag(Feedback.Contention));
        Coverage = new TraceCoverage(engine.Machine.Points);
        pool = new Pool(engine.Language, rng, Coverage, Edges, feedback);
    }

    /// <summary>What runs the programs, and has counted their calls.</summary>
    public Executor Executor { get; }

    /// <summary>What was seen.</summary>
    public TraceCoverage Coverage { get; }

    /// <summary>What was seen of the engine's code; nothing unless it is woven.</summary>
    public EdgeMap Edges { get; } = new();

    /// <summary>Executions so far.</summary>
    public long Executions { get; private set; }

    private int Features => Coverage.Handoffs + Coverage.NearMisses + Coverage.Branches;

    /// <summary>Runs one program, fresh or a mutant, under some of its schedules.</summary>
    public void Next(IExplorationListener listener)
    {
        (Program program, Schedule? parent) = pool.Draw(source, share.Percent);
        listener.OnProgram(program);
        (int featuresBefore, long executionsBefore) = (Features, Executions);
        Run(program, parent, listener);
        share.Add(parent is not null, Features - featuresBefore, Executions - executionsBefore);
    }

    /// <summary>Runs one given program under some of its schedules.</summary>
    /// <param name="program">The program.</param>
    /// <param name="schedule">Followed by its first execution as far as it goes, if given.</param>
    /// <param name="listener">Who is told.</param>
    public void Run(Program program, Schedule? schedule, IExplorationListener listener)
    {
        Machine machine = Executor.Engine.Machine;
        portfolio.NewProgram();
        int drawn = 0;
        for (int i = 0; portfolio.Wants(i, machine) && listener.MayGoOn; i++)
        {
            IScheduler scheduler = i == 0 && schedule is not null
                ? new ReplayScheduler(schedule, machine.Points, strict: false)
                : portfolio.For(drawn++);
            bool goesOn = Execute(program, scheduler, listener);
            if (!goesOn)
            {
                return;
            }
        }
    }

    /// <summary>Runs one test case as whoever found it did; what it shows counts like anything else.</summary>
    public void Replay(TestCase testCase, IExplorationListener listener)
    {
        runner.Begin(testCase);
        do
        {
            EdgeMap.Begin();
        }
        while (listener.MayGoOn && runner.Next() && Judge(testCase.Program, listener));
    }

    /// <summary>Counts what became of the execution that has just ended, then of more of the same program.</summary>
    internal void Follow(Program program, Aftermath aftermath, int executions)
    {
        aftermath.Add(Executor.Engine.Verdict);
        for (int i = 0; i < executions; i++)
        {
            Executor.Run(program, portfolio.For(i));
            aftermath.Add(Executor.Engine.Verdict);
        }
    }

    private bool Execute(Program program, IScheduler scheduler, IExplorationListener listener)
    {
        EdgeMap.Begin();
        Executor.Run(program, scheduler);
        portfolio.Learn(Executor.Engine.Machine);
        return Judge(program, listener);
    }

    private bool Judge(Program program, IExplorationListener listener)
    {
        Executions++;
        notable.Clear();
        Machine machine = Executor.Engine.Machine;
        Novelty novelty = (Coverage.Add(machine.Trace, notable) with { Edges = Edges.Add(notable) }).Within(told);
        TestCase? kept = pool.Add(program, machine, notable);
        if (novelty.Any)
        {
            listener.OnNovelty(kept ?? new TestCase(program, Schedule.FromTrace(machine)), novelty);
        }

        return !Executor.Engine.Verdict.Any || listener.OnFailure(program);
    }
}
