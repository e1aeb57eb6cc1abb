using Fuzz.Cli;
using Tests.Durability;

namespace Tests.Bench.Durability;

/// <summary>Two hundred kills.</summary>
/// <param name="Kills">Processes killed.</param>
/// <param name="Rounds">Starts of the campaign.</param>
/// <param name="TestCases">In its queues in the end.</param>
/// <param name="Signatures">Failures in its folder in the end.</param>
/// <param name="Handoffs">That its queues show in the end.</param>
/// <param name="NearMisses">That its queues show in the end.</param>
/// <param name="Wrong">Things that were not as they should be.</param>
internal sealed record KillFigures(
    int Kills, int Rounds, int TestCases, int Signatures, int Handoffs, int NearMisses, int Wrong);

/// <summary>Kills a campaign at random moments, starts it again, and looks each time at what is left.</summary>
internal static class Kills
{
    private const int Target = 200;
    private const int Workers = 2;
    private const int MillisecondsMax = 3000;

    public static KillFigures Run()
    {
        string folder = Directory.CreateTempSubdirectory("fuzz-kill-").FullName;
        try
        {
            KillRun run = new(
                typeof(App).Assembly.Location, Directory.GetCurrentDirectory(), Path.Combine(folder, "c"), seed: 1);
            int rounds = 0;
            int wrong = 0;
            (int Handoffs, int NearMisses) seen = default;
            while (run.Kills < Target)
            {
                foreach (string problem in run.Round(Workers, MillisecondsMax))
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
