using System.Diagnostics;
using System.Globalization;
using Interleave;

namespace Tests.Durability;

/// <summary>A campaign that is killed at random moments and started again, in a loop.</summary>
internal sealed class KillRun
{
    /// <summary>Of a machine that does much else.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static readonly string[] Variants = ["non-atomic-swapbacked"];
    private readonly string program;
    private readonly string root;
    private readonly string folder;
    private readonly CampaignAudit audit;
    private readonly Rng rng;
    private int rounds;

    /// <summary>A campaign in a folder of its own.</summary>
    /// <param name="program">Fuzz.Cli.dll.</param>
    /// <param name="root">The repository, where regressions are.</param>
    /// <param name="folder">The campaign's folder.</param>
    /// <param name="seed">Of the moments.</param>
    public KillRun(string program, string root, string folder, ulong seed)
    {
        (this.program, this.root, this.folder) = (program, root, folder);
        audit = new CampaignAudit(folder, Variants);
        rng = new Rng(seed);
    }

    /// <summary>Processes killed so far.</summary>
    public int Kills { get; private set; }

    /// <summary>What is in the folder.</summary>
    public CampaignAudit Audit => audit;

    /// <summary>Starts it, kills the supervisor, or a worker and then the supervisor, and looks what is left.</summary>
    /// <remarks>Every other time it may work before, until it has kept so many new test cases.</remarks>
    /// <param name="workers">Number of workers.</param>
    /// <param name="news">Test cases.</param>
    /// <param name="millisecondsMax">How long it may live, from its start or from then.</param>
    /// <returns>What is wrong.</returns>
    public IReadOnlyList<string> Round(int workers, int news, int millisecondsMax)
    {
        using FuzzProcess fuzz = FuzzProcess.Run(
            program, root, "--variant", Variants[0], "--corpus", folder, "--workers",
            workers.ToString(CultureInfo.InvariantCulture), "--seed", rng.Next(int.MaxValue).ToString(
                CultureInfo.InvariantCulture));
        if (++rounds % 2 != 0)
        {
            WaitForNews(fuzz, news);
        }

        Thread.Sleep(rng.Next(millisecondsMax));
        if (rng.Next(2) == 0 && fuzz.Workers is { Count: > 0 } alive)
        {
            FuzzProcess.Kill(alive[rng.Next(alive.Count)]);
            Kills++;
            Thread.Sleep(rng.Next(millisecondsMax));
        }

        if (Directory.Exists(folder))
        {
            audit.Note();
        }

        FuzzProcess.Kill(fuzz.Id);
        Kills++;
        bool gone = WaitUntilGone();
        List<string> wrong = Directory.Exists(folder) ? [.. audit.Check()] : [];
        if (!gone)
        {
            wrong.Add("a worker has outlived its supervisor");
        }

        return wrong;
    }

    private void WaitForNews(FuzzProcess fuzz, int news)
    {
        Stopwatch watch = Stopwatch.StartNew();
        int enough = audit.Entries + news;
        while (audit.Entries < enough && !fuzz.HasEnded && watch.Elapsed < Patience)
        {
            Thread.Sleep(10);
            if (Directory.Exists(folder))
            {
                audit.Note();
            }
        }
    }

    /// <summary>Waits for workers, also one that was started in the very moment of the kill.</summary>
    private bool WaitUntilGone()
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (FuzzProcess.Lives(folder))
        {
            if (watch.Elapsed > Patience)
            {
                return false;
            }

            Thread.Sleep(10);
        }

        return true;
    }
}
