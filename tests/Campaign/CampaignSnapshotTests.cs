using System.Diagnostics;
using Fuzz.Campaign;
using Fuzz.Programs;
using Xunit;

namespace Tests.Campaign;

public sealed class CampaignSnapshotTests : IDisposable
{
    private const StringComparison Exactly = StringComparison.Ordinal;
    private static readonly string[] Pipes = ["pipes/fuzzer_stats", "pipes/plot_data", "p.reproducer"];
    private readonly CampaignFolders folders = new();

    public void Dispose() => folders.Dispose();

    [Fact]
    public void Workers_of_ours_and_an_afl_fuzz_are_read_side_by_side()
    {
        CampaignSnapshot campaign = CampaignSnapshot.Read(folders.WithWorkers("slot-aba").Path);
        Assert.Equal(["afl", "w0", "w1"], campaign.Workers.Select(worker => worker.Name));
        Assert.Equal("++4.04c", campaign.Workers[0].Statistics.Version);
        Assert.Equal(101, campaign.Workers[0].Plot.Count);
        Assert.Null(campaign.Workers[0].Plot[^1].Handoffs);
        Assert.Equal(4000, campaign.Workers[1].Plot[^1].Handoffs);
        Assert.Equal("slot-aba.reproducer", Assert.Single(campaign.Workers[2].Findings).Reproducer);
        Assert.Equal("swapin-copy", Assert.Single(campaign.Failures).Reproducer.Violates.Oracle);
        Assert.Empty(campaign.Unreadable);
    }

    [Fact]
    public void A_folder_that_is_not_there_is_named() => Assert.Contains(
        "there is no such folder",
        Assert.Throws<InputException>(() => CampaignSnapshot.Read(Path.Combine(folders.Path, "no"))).Message, Exactly);

    [Fact]
    public void An_empty_folder_is_empty() => Assert.True(CampaignSnapshot.Read(folders.Path).IsEmpty);

    [Fact]
    public void A_folder_beside_the_workers_is_none_of_them()
    {
        folders.Add("quarantine/bad.reproducer", "x").Add("w9/queue/id:000000", "x").Add("w9/fuzzer_stats", "");
        Assert.True(CampaignSnapshot.Read(folders.Path).IsEmpty);
    }

    [Fact]
    public void What_is_not_readable_is_told_and_left_where_it_is()
    {
        folders.Add("a.reproducer", "nonsense").Add("b.reproducer", "bin\0ary")
            .Add("c.reproducer", new string('x', 2_000_000));
        CampaignSnapshot campaign = CampaignSnapshot.Read(folders.Path);
        Assert.Equal(["a.reproducer", "b.reproducer", "c.reproducer"], campaign.Unreadable.Select(file => file.Name));
        Assert.All(campaign.Unreadable, file => Assert.Contains(file.Name, file.Problem, Exactly));
        Assert.True(File.Exists(Path.Combine(folders.Path, "a.reproducer")));
    }

    [Fact]
    public void A_file_that_is_being_written_gives_what_is_whole_of_it()
    {
        string plot = PlotRow.Header + new PlotRow { Seconds = 5, Executions = 50 }.Print()
            + new PlotRow { Seconds = 10, Executions = 100 }.Print()[..^1];
        folders.Add("w0/plot_data", plot).Add("w0/fuzzer_stats", "execs_done : 5");
        WorkerSnapshot worker = Assert.Single(CampaignSnapshot.Read(folders.Path).Workers);
        Assert.Equal(50, Assert.Single(worker.Plot).Executions);
        Assert.Equal(0, worker.Statistics.Executions);
    }

    [Fact]
    public void Lines_without_an_end_and_bytes_that_are_no_text_are_survived()
    {
        folders.Add("w0/plot_data", new string('7', 10_000_000) + "\n" + new PlotRow { Seconds = 5 }.Print());
        byte[] odd = [0xFF, 0xFE, 0x00, 0x0A, .. "run_time : 7\n"u8];
        File.WriteAllBytes(Path.Combine(folders.Path, "w0", "fuzzer_stats"), odd);
        WorkerSnapshot worker = Assert.Single(CampaignSnapshot.Read(folders.Path).Workers);
        Assert.Equal(5, Assert.Single(worker.Plot).Seconds);
        Assert.Equal(7, worker.Statistics.RunTime);
    }

    [Fact]
    public void Links_and_pipes_are_not_opened()
    {
        string secret = Path.Combine(folders.WithWorkers("slot-aba").Path, "w0", "fuzzer_stats");
        string evil = Path.Combine(folders.Path, "evil");
        Directory.CreateDirectory(evil);
        File.CreateSymbolicLink(Path.Combine(evil, "fuzzer_stats"), secret);
        Directory.CreateSymbolicLink(Path.Combine(folders.Path, "other"), Path.Combine(folders.Path, "w0"));
        File.CreateSymbolicLink(
            Path.Combine(folders.Path, "z.reproducer"), Path.Combine(folders.Path, "slot-aba.reproducer"));
        string pipes = Path.Combine(folders.Path, "pipes");
        Directory.CreateDirectory(pipes);
        if (!OperatingSystem.IsWindows())
        {
            // Opening a pipe that nobody writes to would wait for ever.
            string[] names = [.. Pipes.Select(name => Path.Combine(folders.Path, name))];
            using Process mkfifo = Process.Start("mkfifo", names);
            mkfifo.WaitForExit();
            Assert.All(names, name => Assert.True(File.Exists(name)));
        }

        CampaignSnapshot campaign = CampaignSnapshot.Read(folders.Path);
        Assert.Equal(["afl", "w0", "w1"], campaign.Workers.Select(worker => worker.Name));
        Assert.Equal("slot-aba.reproducer", Assert.Single(campaign.Failures).Name);
        Assert.Empty(campaign.Unreadable);
    }

    [Fact]
    public void More_than_there_is_room_for_is_counted()
    {
        for (int i = 0; i < CampaignSnapshot.WorkersMax + 3; i++)
        {
            folders.Add($"w{i:d4}/fuzzer_stats", "execs_done : 5\n");
        }

        CampaignSnapshot campaign = CampaignSnapshot.Read(folders.Path);
        Assert.Equal((CampaignSnapshot.WorkersMax, 3), (campaign.Workers.Count, campaign.LeftOut));
        Assert.Equal("w0000", campaign.Workers[0].Name);
    }
}
