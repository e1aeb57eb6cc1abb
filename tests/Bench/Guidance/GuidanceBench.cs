using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Fuzz.Campaign;
using Fuzz.Coverage;
using Generators;
using Tests.SctBench;

namespace Tests.Bench.Guidance;

/// <summary>Whether feedback pays: executions to find each story with none of it, with schedules that preempt where
/// lanes meet, with code edges or hand-offs besides, with all; and how many states of the engine are seen in a given
/// time. And the same for each scheduler in place of the campaigns' portfolio.</summary>
/// <remarks>Each hunt runs in a process of its own on the woven copy of this program, for the map of edges is one for
/// the process.</remarks>
internal static class GuidanceBench
{
    private const string HuntName = "guidance-hunt";
    private const string StatesName = "guidance-states";
    private const string Usual = "campaign";
    private static readonly string[] Modes =
    [
        $"{Feedback.None}", $"{Feedback.Contention}", $"{Feedback.Contention | Feedback.Edges}",
        $"{Feedback.Contention | Feedback.Handoffs}", $"{Feedback.All}",
    ];

    private static readonly string[] Schedulers = [Usual, .. SctSuite.Schedulers.Select(one => one.Name)];

    /// <summary>The commands: the table, and what its processes run.</summary>
    public static IEnumerable<Command> Build(Option<bool> json)
    {
        Option<string[]> stories = new("--stories") { AllowMultipleArgumentsPerToken = true };
        Option<int> seeds = new("--seeds") { DefaultValueFactory = _ => 20 };
        Option<long> cap = new("--executions") { DefaultValueFactory = _ => 1_000_000 };
        Option<int> seconds = new("--state-seconds") { DefaultValueFactory = _ => 600 };
        Option<int> workers = new("--workers") { DefaultValueFactory = _ => 2 };
        Option<Feedback> mode = new("--feedback") { DefaultValueFactory = _ => Feedback.All };
        Option<string> scheduler = new("--scheduler") { DefaultValueFactory = _ => Usual };
        Option<string> story = new("--story") { DefaultValueFactory = _ => "" };
        Command table = new("guidance", "Executions to find each story, by what the campaign learns from")
        {
            stories, seeds, cap, seconds, workers,
        };
        table.SetAction(parsed =>
        {
            GuidanceTable made = new("--feedback", Modes, [Modes[0], Modes[1]], parsed.GetValue(workers));
            HuntAll(made, parsed);
            if (parsed.GetValue(seconds) > 0)
            {
                made.CountStates([StatesName, "--state-seconds", Text(parsed.GetValue(seconds))]);
            }

            made.Print(parsed.GetValue(json));
        });
        Command ablation = new("schedulers", "Executions to find each story, by scheduler")
        {
            stories, seeds, cap, workers,
        };
        ablation.SetAction(parsed =>
        {
            GuidanceTable made = new("--scheduler", Schedulers, [Usual], parsed.GetValue(workers));
            HuntAll(made, parsed);
            made.Print(parsed.GetValue(json));
        });
        Command hunt = new(HuntName, "One story, one kind of feedback, one portfolio")
        {
            story, seeds, cap, mode, scheduler,
        };
        hunt.Hidden = true;
        hunt.SetAction(parsed => Hunt(
            parsed.GetValue(story)!, parsed.GetValue(mode), parsed.GetValue(scheduler)!, parsed.GetValue(seeds),
            parsed.GetValue(cap)));
        Command states = new(StatesName, "States seen, one kind of feedback") { seconds, mode };
        states.Hidden = true;
        states.SetAction(parsed => CountStates(parsed.GetValue(mode), parsed.GetValue(seconds)));
        return [table, ablation, hunt, states];

        void HuntAll(GuidanceTable made, ParseResult parsed)
        {
            string[] names = parsed.GetValue(stories) is { Length: > 0 } given
                ? given : [.. Story.All.Select(s => s.Name)];
            made.Hunt(names, name => [HuntName, "--story", name, "--seeds", Text(parsed.GetValue(seeds)),
                "--executions", Text(parsed.GetValue(cap))]);
        }
    }

    private static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);

    private static void Hunt(string name, Feedback mode, string scheduler, int seeds, long cap)
    {
        Story story = Story.All.Single(s => s.Name == name);
        HuntOptions options = new(
            cap, SecondsMax: 3600, Feedback: mode,
            Schedules: SctSuite.Schedulers.FirstOrDefault(one => one.Name == scheduler).Make);
        HuntResult[] results = [.. Enumerable.Range(1, seeds).Select(seed => Hunter.Hunt(
            story, new ProgramSource(), (ulong)seed, options, CancellationToken.None))];
        Console.WriteLine(JsonSerializer.Serialize(new HuntRow(
            name, scheduler == Usual ? $"{mode}" : scheduler, results.Count(r => r.Found),
            [.. results.Select(r => r.Executions)],
            [.. results.Select(r => r.Seconds)])));
    }

    private static void CountStates(Feedback mode, int seconds)
    {
        StateCounter engine = new();
        Exploration exploration = new(engine, new ProgramSource(), 1, mode);
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds)
        {
            exploration.Next(Everything.Instance);
        }

        Console.WriteLine(JsonSerializer.Serialize(new StatesRow(
            mode.ToString(), exploration.Executions, engine.Count, exploration.Coverage.Handoffs,
            exploration.Coverage.NearMisses, exploration.Edges.Count)));
    }

    private sealed class Everything : IExplorationListener
    {
        public static Everything Instance { get; } = new();

        public bool MayGoOn => true;

        public bool OnFailure(Fuzz.Programs.Program program) => false;
    }
}

/// <summary>The hunts of one story in one mode.</summary>
/// <param name="Story">Its name.</param>
/// <param name="Mode">What was learnt from, or which scheduler took part.</param>
/// <param name="Found">Hunts that found it.</param>
/// <param name="Executions">Of each hunt.</param>
/// <param name="Seconds">Of each hunt.</param>
internal sealed record HuntRow(string Story, string Mode, int Found, long[] Executions, double[] Seconds);

/// <summary>What was seen in a given time with one kind of feedback.</summary>
/// <param name="Mode">What was learnt from, or which scheduler took part.</param>
/// <param name="Executions">Executions.</param>
/// <param name="States">Different states in which executions ended.</param>
/// <param name="Handoffs">Different hand-offs.</param>
/// <param name="NearMisses">Different near misses.</param>
/// <param name="Edges">Different code edges.</param>
internal sealed record StatesRow(
    string Mode, long Executions, int States, int Handoffs, int NearMisses, int Edges);
