using System.CommandLine;

namespace Tests.Mutation;

/// <summary>The command line: what Stryker made in, a score out.</summary>
internal static class Entry
{
    private static readonly Argument<string> Folder = new("folder")
    {
        Description = "Where Stryker's mutated Mm.dll and its mutation-report.json are; verdicts are kept there.",
    };

    private static readonly Option<int> Executions = new("--executions")
    {
        Description = "The campaign of one mutant.",
        DefaultValueFactory = _ => 600_000,
    };

    private static readonly Option<int> Rerun = new("--rerun")
    {
        Description = "How many of those that come by the mutant are run, at most.",
        DefaultValueFactory = _ => 24_000,
    };

    private static readonly Option<string> Only = new("--only")
    {
        Description = "Only mutants of files with this in their path.",
        DefaultValueFactory = _ => "",
    };

    private static readonly Option<int> Sample = new("--sample")
    {
        Description = "Only so many mutants, from everywhere; default all.",
        DefaultValueFactory = _ => int.MaxValue,
    };

    private static readonly Option<int> Jobs = new("--jobs")
    {
        Description = "Worker processes.",
        DefaultValueFactory = _ => 1,
    };

    private static readonly Option<string?> Recorded = new("--recording")
    {
        Description = "A mutant is judged by what a real kernel showed, which 'fuzz conform --record' wrote.",
    };

    private static readonly Argument<string> Recording = new("recording")
    {
        Description = "What 'fuzz conform --record' wrote.",
    };

    private static readonly Option<int> Programs = new("--programs")
    {
        Description = "Random programs of all calls.",
        DefaultValueFactory = _ => 4000,
    };

    public static int Main(string[] args)
    {
        Command score = new("score", "Judges every mutant that has no verdict for this budget; prints the score.")
        {
            Folder, Executions, Rerun, Only, Sample, Jobs, Recorded,
        };
        score.SetAction(parsed => Score.Run(new Mutants(parsed.GetValue(Folder)!), new Budget(
            parsed.GetValue(Executions), parsed.GetValue(Rerun), parsed.GetValue(Only)!, parsed.GetValue(Sample),
            parsed.GetValue(Jobs), parsed.GetValue(Recorded))));
        Command work = new(MutatedContext.WorkCommand, "One worker of a score: mutants in, verdicts out.")
        {
            Folder, Executions, Rerun, Recorded,
        };
        work.SetAction(parsed => MutatedContext.Work(
            parsed.GetValue(Folder)!, parsed.GetValue(Executions), parsed.GetValue(Rerun),
            parsed.GetValue(Recorded)));
        Command variants = new("variants", "Judges the engine with each variant by what a real kernel showed.")
        {
            Recording,
        };
        variants.SetAction(parsed => Verdicts.OfVariants(parsed.GetValue(Recording)!));
        Command visible = new("visible", "Counts the variants that calls in a row can show.")
        {
            Programs,
        };
        visible.SetAction(parsed => Verdicts.OfSequences(parsed.GetValue(Programs)));
        Command reach = new("reach", "Prints which lines a real kernel has judged, of those that calls in a row reach.")
        {
            Folder, Recording, Programs,
        };
        reach.SetAction(parsed => MutatedContext.PrintReach(
            parsed.GetValue(Folder)!, parsed.GetValue(Recording)!, parsed.GetValue(Programs)));
        return new RootCommand("The mutation score of the engine, with the fuzzer, or a real kernel, as the test.")
        {
            score, work, variants, visible, reach,
        }
            .Parse(args).Invoke();
    }
}
