using System.Text.Json.Nodes;
using System.Xml.Linq;
using Fuzz.Campaign;
using Fuzz.Cli;
using Fuzz.Report;
using Tests.Campaign;
using Tests.Cli;
using Xunit;

namespace Tests.Report;

public sealed class TestResultTests : IDisposable
{
    private const StringComparison Exactly = StringComparison.Ordinal;
    private static readonly XNamespace Trx = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";
    private readonly CampaignFolders folders = new();

    public void Dispose() => folders.Dispose();

    [Fact]
    public void JUnit_has_a_failed_test_for_each_signature_and_an_error_for_what_is_not_readable()
    {
        XElement suite = XDocument.Parse(JUnitReport.Print(Some())).Root!.Element("testsuite")!;
        Assert.Equal(("3", "2", "1"), (Of(suite, "tests"), Of(suite, "failures"), Of(suite, "errors")));
        XElement test = suite.Elements("testcase").ElementAt(1);
        Assert.Equal("fuzz.swapin-copy", Of(test, "classname"));
        Assert.Equal("stale copy of the slot is mapped [do_swap_page] with no-swapcache-pin", Of(test, "name"));
        XElement failure = test.Element("failure")!;
        Assert.StartsWith("swapin-copy: stale copy of the slot is mapped [do_sw", Of(failure, "message"), Exactly);
        Assert.Contains("slot-aba.reproducer\n", failure.Value, Exactly);
        Assert.Contains("schedule  cpu0 until", failure.Value, Exactly);
        Assert.Equal("bad.reproducer can be read", Of(suite.Descendants("error").Single().Parent!, "name"));
    }

    [Fact]
    public void Trx_tells_the_same_and_its_ids_belong_together()
    {
        XElement run = XDocument.Parse(TrxReport.Print(Some())).Root!;
        XElement counters = run.Descendants(Trx + "Counters").Single();
        Assert.Equal(("3", "2", "1", "0"), (
            Of(counters, "total"), Of(counters, "failed"), Of(counters, "error"), Of(counters, "passed")));
        string[] ids = [.. run.Descendants(Trx + "UnitTestResult").Select(result => Of(result, "testId"))];
        Assert.Equal(3, ids.Distinct().Count());
        Assert.Equal(ids, run.Descendants(Trx + "UnitTest").Select(test => Of(test, "id")));
        Assert.Equal(ids, run.Descendants(Trx + "TestEntry").Select(entry => Of(entry, "testId")));
        Assert.All(ids, id => Assert.True(Guid.TryParse(id, out _)));
        Assert.Equal("Failed", Of(run.Element(Trx + "ResultSummary")!, "outcome"));
        Assert.Contains("swapin-copy", run.Descendants(Trx + "Message").ElementAt(1).Value, Exactly);
    }

    [Fact]
    public void Sarif_has_a_result_for_each_signature_and_a_rule_for_each_law()
    {
        JsonNode log = JsonNode.Parse(SarifReport.Print(Some()))!;
        Assert.Equal("2.1.0", (string?)log["version"]);
        JsonNode run = log["runs"]![0]!;
        JsonArray rules = run["tool"]!["driver"]!["rules"]!.AsArray();
        JsonArray results = run["results"]!.AsArray();
        Assert.Equal(2, results.Count);
        Assert.All(results, result => Assert.Equal(
            (string?)result!["ruleId"], (string?)rules[(int)result["ruleIndex"]!]!["id"]));
        JsonNode aba = results[1]!;
        Assert.Equal("swapin-copy: stale copy of the slot is mapped", (string?)aba["ruleId"]);
        Assert.Equal(
            "swapin-copy: stale copy of the slot is mapped [do_swap_page] with no-swapcache-pin",
            (string?)aba["partialFingerprints"]!["signature/v1"]);
        Assert.EndsWith(
            "/slot-aba.reproducer",
            (string?)aba["locations"]![0]!["physicalLocation"]!["artifactLocation"]!["uri"], Exactly);
        JsonNode told = run["invocations"]![0]!["toolExecutionNotifications"]![0]!;
        Assert.Contains("bad.reproducer", (string?)told["message"]!["text"], Exactly);
    }

    [Fact]
    public void A_name_that_is_no_uri_is_escaped_in_sarif()
    {
        folders.Add("a b#c?%.reproducer", Failures.LostWaiters);
        Assert.Contains("/a%20b%23c%3F%25.reproducer\"", SarifReport.Print(Read()), Exactly);
    }

    [Fact]
    public void What_xml_cannot_hold_is_replaced()
    {
        folders.Add("a.reproducer", $"# \u000b\ufffe <&\"> \ud83d\ude00\n{Failures.LostWaiters}")
            .Add("\u0001.reproducer", "x");
        string junit = JUnitReport.Print(Read());
        Assert.Contains("\ufffd\ufffd &lt;&amp;\"&gt; \ud83d\ude00", junit, Exactly);
        Assert.Equal(2, XDocument.Parse(junit).Descendants("testcase").Count());
        Assert.Equal(2, XDocument.Parse(TrxReport.Print(Read())).Descendants(Trx + "UnitTest").Count());
    }

    [Fact]
    public void A_campaign_that_found_nothing_has_passed()
    {
        folders.WithWorkers();
        Assert.Equal("1", Of(XDocument.Parse(JUnitReport.Print(Read())).Descendants("testsuite").Single(), "tests"));
        Assert.Empty(XDocument.Parse(JUnitReport.Print(Read())).Descendants("failure"));
        Assert.Equal(
            "Completed",
            Of(XDocument.Parse(TrxReport.Print(Read())).Descendants(Trx + "ResultSummary").Single(), "outcome"));
        Assert.Empty(JsonNode.Parse(SarifReport.Print(Read()))!["runs"]![0]!["results"]!.AsArray());
    }

    [Fact]
    public void The_command_writes_what_it_is_asked_for_and_nothing_else()
    {
        string path = folders.WithWorkers("slot-aba").Path;
        string junit = Path.Combine(path, "j.xml");
        string trx = Path.Combine(path, "t.trx");
        string sarif = Path.Combine(path, "s.sarif");
        AppRun run = AppRun.Of("report", path, "--junit", junit, "--trx", trx, "--sarif", sarif);
        Assert.Equal(App.NothingFound, run.ExitCode);
        Assert.Equal($"{junit} written\n{trx} written\n{sarif} written\n", run.Errors);
        Assert.Equal(JUnitReport.Print(Read()), File.ReadAllText(junit));
    }

    private static string Of(XElement element, string attribute) => element.Attribute(attribute)!.Value;

    private CampaignSnapshot Some()
    {
        folders.WithWorkers("slot-aba").Add("lost.reproducer", Failures.LostWaiters).Add("bad.reproducer", "nonsense");
        return Read();
    }

    private CampaignSnapshot Read() => CampaignSnapshot.Read(folders.Path);
}
