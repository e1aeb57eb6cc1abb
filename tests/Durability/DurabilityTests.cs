using Fuzz.Cli;
using Tests.Defects;
using Xunit;

namespace Tests.Durability;

public sealed class DurabilityTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("fuzz-kill-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_campaign_that_is_killed_thrice_has_lost_nothing()
    {
        KillRun run = new(typeof(App).Assembly.Location, CorpusFolder.Root, Path.Combine(folder, "c"), seed: 5);
        const int news = 20;
        for (int i = 0; i < 3; i++)
        {
            Assert.Empty(run.Round(workers: 2, news, millisecondsMax: 500));
        }

        Assert.InRange(run.Kills, 3, 6);
        Assert.InRange(run.Audit.Entries, news, int.MaxValue);
        Assert.Equal(run.Audit.Entries, Directory.GetFiles(folder, "id:*", SearchOption.AllDirectories).Length);
    }
}
