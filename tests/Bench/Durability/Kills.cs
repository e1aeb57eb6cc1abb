using Fuzz.Cli;
using Tests.Durability;

namespace Tests.Bench.Durability;

/// <summary>Two hundred kills of ten campaigns.</summary>
/// <param name="Kills">Processes killed.</param>
/// <param name="Rounds">Starts of the campaign.</param>
/// <param name="TestCases">In their queues in the end, all together.</param>
/// <param name="Signatures">Failures in a folder in the end, at most.</param>
/// <param name="Handoffs">That the queues of a campaign show in the end, at most.</param>
/// <param name="NearMisses">That the queues of a campaign show in the end, at most.</param>
/// <param name="Wrong">Things that were not as they should be.</param>
internal sealed record KillFigures(
    int Kills, int Rounds, int TestCases, int Signatures, int Handoffs, int NearMisses, int Wrong);

/// <summary>Kills a campaign at random moments, starts it again, and looks each time at what is left.</summary>
internal static class Kills
{
    private const int Target = 200;
    private const int Workers = 2;
    private const int MillisecondsMax = 3000;

    /// <summary>Kills of one campaign, then another one begins: the audit executes all test cases that there are after
    /// each round, so that one campaign of all kills would mostly be audited.</summary>
    private const int TargetOfCampaign = 20;

    public static KillFigures Run()
    {
        KillFigures total = new(0, 0, 0, 0, 0, 0, 0);
        for (ulong seed = 1; total.Kills < Target; seed++)
        {
            KillFigures more = RunCampaign(seed, Math.Min(TargetOfCampaign, Target - total.Kills));
            total = new KillFigures(
                total.Kills + more.Kills, total.Rounds + more.Rounds, total.TestCases + more.TestCases,
                Math.Max(total.Signatures, more.Signatures), Math.Max(total.Handoffs, more.Handoffs),
                Math.Max(total.NearMisses, more.NearMisses), total.Wrong + more.Wrong);
        }

        return total;
    }

    private static KillFigures RunCampaign(ulong seed, int kills)
    {
        string folder = Directory.CreateTempSubdirectory("fuzz-kill-").FullName;
        try
        {
            KillRun run = new(
                typeof(App).Assembly.Location, Directory.GetCurrentDirectory(), Path.Combine(folder, "c"), seed);
            int rounds = 0;
            int wrong = 0;
            (int Handoffs, int NearMisses) seen = default;
            while (run.Kills < kills)
            {
                foreach (string problem in run.Round(Workers, news: 1, MillisecondsMax))
                {
                    wrong++;
                    Console.Error.WriteLine($"round {rounds}: {problem}");
                }

                (int Handoffs, int NearMisses) now = run.Audit.Coverage();
                if (now.Handoffs < seen.Handoffs || now.NearMisses < seen.NearMisses)
                {
                    wrong++;
                    Console.Error.WriteLine($"round {rounds}: coverage went back from {seen} to {now}");
                }

                seen = now;
                rounds++;
                Console.Error.WriteLine(
                    $"{run.Kills} kills in {rounds} rounds: {run.Audit.Entries} test cases, {run.Audit.Signatures} "
                    + $"signatures, {seen.Handoffs} hand-offs, {wrong} wrong");
            }

            return new KillFigures(
                run.Kills, rounds, run.Audit.Entries, run.Audit.Signatures, seen.Handoffs, seen.NearMisses, wrong);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
