using System.CommandLine;
using Tests.Bench.Durability;
using Tests.Bench.Engine;
using Tests.Bench.Explore;
using Tests.Bench.Guidance;
using Tests.Bench.MapcountReset;
using Tests.Bench.Mixed;
using Tests.Bench.PlantedBug;
using Tests.Bench.Sct;

namespace Tests.Bench;

/// <summary>The command line: one command for each benchmark.</summary>
internal static class Entry
{
    private static readonly Option<bool> Json = new("--json")
    {
        Description = "Print the figures as one JSON object on the last line.",
        Recursive = true,
    };

    public static int Main(string[] args)
    {
        RootCommand root = new("Measures the house against its limits: ratios are taken within one run.") { Json };
        Add(root, "w1", "Executions of the 'mapcount reset' workload (120 steps) against a flat switch loop", W1.Run);
        Add(root, "explore", "All states of 'mapcount reset' and of programs of the engine", ExploreBench.Run);
        Add(root, "explore-sample", "All states of programs of the generator, by cpus and calls", SampleBench.Run);
        Add(root, "shrink", "Shrinking a planted bug from 20 calls on 4 cells to its 4 calls", ShrinkBench.Run);
        Add(root, "engine", "The folio engine on the default generator, one core, all oracles on", EngineBench.Run);
        Add(root, "kills", "A campaign, killed 200 times at random moments and started again", Kills.Run);
        Add(root, "disk-full", "A campaign on a disk of 3 MB, which is then made larger; needs root", DiskFull.Run);
        Add(root, "soak", "Half an hour of a campaign of two workers: memory and open files", Soak.Run);
        root.Add(ReductionBench.Build(Json));
        root.Add(SchedulesToFailure.Build(Json));
        root.Add(MixedBench.Build());
        foreach (Command command in GuidanceBench.Build(Json))
        {
            root.Add(command);
        }

        return root.Parse(args).Invoke();
    }

    private static void Add<T>(RootCommand root, string name, string description, Func<T> run)
        where T : notnull
    {
        Command command = new(name, description);
        command.SetAction(parsed => Figures.Print(description, run(), parsed.GetValue(Json)));
        root.Add(command);
    }
}
