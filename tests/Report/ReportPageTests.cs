using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Fuzz.Campaign;
using Fuzz.Cli;
using Fuzz.Report;
using Tests.Campaign;
using Tests.Cli;
using Xunit;

namespace Tests.Report;

public sealed class ReportPageTests : IDisposable
{
    private const RegexOptions Quick =
        RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.Singleline;

    private const StringComparison Exactly = StringComparison.Ordinal;
    private const string Evil = "<script>alert(1)</script>\"'<!--<img src=x onerror=alert(2)>{{data}}";
    private readonly CampaignFolders folders = new();

    public void Dispose() => folders.Dispose();

    [Fact]
    public void The_page_is_one_file_that_asks_for_nothing()
    {
        string page = Print(folders.WithWorkers("slot-aba"));
        Assert.True(ReportPage.HasCharts, "npm was not there at build time: charts are missing");
        Match link = Assert.Single(Regex.Matches(page, "<(link|script|img|iframe)[^>]*(src|href)=[^>]*>", Quick));
        Assert.Contains("href=\"data:,\"", link.Value, Exactly);
        Assert.DoesNotContain("url(", page, Exactly);
        Assert.DoesNotContain("@import", page, Exactly);
        Assert.DoesNotContain("{{", Regex.Replace(page, "<script.*?</script>", "", Quick), Exactly);
        Assert.InRange(page.Length, 50_000, 300_000);
    }

    [Fact]
    public void Its_policy_lets_no_other_script_run()
    {
        string page = Print(folders.WithWorkers("slot-aba"));
        string policy = WebUtility.HtmlDecode(
            Regex.Match(page, "Content-Security-Policy\" content=\"(?<it>[^\"]*)\"", Quick).Groups["it"].Value);
        Assert.StartsWith("default-src 'none'; script-src 'sha256-", policy, Exactly);
        string scripts = policy.Split(';')[1];
        Assert.DoesNotContain("unsafe", scripts, Exactly);
        MatchCollection inline = Regex.Matches(page, "<script>(?<it>.*?)</script>", Quick);
        Assert.Equal(inline.Count, Regex.Count(scripts, "sha256-"));
        Assert.All(inline, script => Assert.Contains(
            Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script.Groups["it"].Value))), scripts,
            Exactly));
    }

    [Fact]
    public void Words_of_strangers_stay_words()
    {
        folders.Add("a.reproducer", $"# {Evil}\n{Failures.LostWaiters}")
            .Add("</script><b>.reproducer".Replace('/', '_'), Failures.LostWaiters)
            .Add("bad.reproducer", $"{Evil}\n")
            .Add("<i>w&\"/fuzzer_stats", $"afl_version : {Evil}\ncommand_line : {Evil}\nvariants : {Evil}\n");
        string page = Print(folders);
        Assert.DoesNotContain("alert(1)</script>", page, Exactly);
        Assert.DoesNotContain("<img", page, Exactly);
        Assert.DoesNotContain("<b>", page, Exactly);
        Assert.DoesNotContain("<i>", page, Exactly);
        JsonElement report = Data(page, "report");
        Assert.Equal(Evil, report.GetProperty("workers")[0].GetProperty("commandLine").GetString());
        Assert.StartsWith(Evil, report.GetProperty("failures")[1].GetProperty("remark").GetString(), Exactly);
        Assert.Contains(Evil[..20], Data(page, "failure-1").GetProperty("text").GetString(), Exactly);
    }

    [Fact]
    public void The_title_is_escaped_too()
    {
        string nasty = Path.Combine(folders.Path, "<title>&\"x");
        Directory.CreateDirectory(nasty);
        File.WriteAllText(Path.Combine(nasty, "a.reproducer"), Failures.LostWaiters);
        string page = ReportPage.Print(CampaignSnapshot.Read(nasty));
        Assert.Contains("<title>&lt;title&gt;&amp;&quot;x – Folio fuzz</title>", page, Exactly);
    }

    [Fact]
    public void The_command_to_replay_takes_a_name_for_a_name()
    {
        folders.Add("$(touch x);'`.reproducer", Failures.LostWaiters);
        Assert.EndsWith(
            $"'{folders.Path}/$(touch x);'\\''`.reproducer'",
            Assert.Single(ReportBuilder.Build(CampaignSnapshot.Read(folders.Path)).Failures).Replay, Exactly);
    }

    [Fact]
    public void The_command_writes_the_page_and_says_so()
    {
        string file = Path.Combine(folders.WithWorkers("slot-aba").Path, "out.html");
        AppRun run = AppRun.Of("report", folders.Path, "--output", file);
        Assert.Equal((App.NothingFound, ""), (run.ExitCode, run.Output));
        Assert.Equal($"{file} written", run.Error);
        Assert.Equal(1, Data(File.ReadAllText(file), "report").GetProperty("failures").GetArrayLength());
    }

    [Fact]
    public void A_folder_without_a_campaign_is_refused_in_one_line()
    {
        Assert.Contains("no worker and no reproducer in it", AppRun.Refused("report", folders.Path), Exactly);
        Assert.Contains("there is no such folder", AppRun.Refused("report", Path.Combine(folders.Path, "x")), Exactly);
        folders.WithWorkers();
        Assert.Contains("cannot write", AppRun.Refused("report", folders.Path, "-o", "/proc/no/report.html"), Exactly);
    }

    private static string Print(CampaignFolders folders) => ReportPage.Print(CampaignSnapshot.Read(folders.Path));

    private static JsonElement Data(string page, string id)
    {
        string data = $"<script type=\"application/json\" id=\"{id}\">(?<it>.*?)</script>";
        return JsonDocument.Parse(Regex.Match(page, data, Quick).Groups["it"].Value).RootElement;
    }
}
