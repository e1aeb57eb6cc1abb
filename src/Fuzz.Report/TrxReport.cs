using System.Security.Cryptography;
using System.Text;
using System.Xml.Linq;
using Fuzz.Campaign;

namespace Fuzz.Report;

/// <summary>A campaign's failures as TRX, the form of <c>dotnet test --logger trx</c> and Azure DevOps.</summary>
/// <remarks>Ids are made of names, not drawn: the same failure has the same id in each file. Times are left out: a
/// failure of a campaign has none of its own.</remarks>
public static class TrxReport
{
    private const string UnitTestType = "13cdc9d9-ddb5-4fa4-a97d-d965ccfc6d4b";
    private const string ListId = "8c84fa94-04c1-424b-9868-57a2d4851a1d";
    private static readonly XNamespace Space = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";

    /// <summary>The file.</summary>
    public static string Print(CampaignSnapshot campaign)
    {
        IReadOnlyList<TestResult> results = TestResult.Of(campaign);
        bool passed = results.All(result => result.Outcome == TestOutcome.Passed);
        return XmlFile.Print(new XElement(
            Space + "TestRun",
            new XAttribute("id", Id("run", campaign.Path)),
            new XAttribute("name", "fuzz"),
            new XElement(Space + "Results", results.Select(Result)),
            new XElement(Space + "TestDefinitions", results.Select(Definition)),
            new XElement(Space + "TestEntries", results.Select(result => new XElement(
                Space + "TestEntry",
                new XAttribute("testId", Id("test", result.File)),
                new XAttribute("executionId", Id("execution", result.File)),
                new XAttribute("testListId", ListId)))),
            new XElement(Space + "TestLists", new XElement(
                Space + "TestList", new XAttribute("name", "Results Not in a List"), new XAttribute("id", ListId))),
            new XElement(
                Space + "ResultSummary",
                new XAttribute("outcome", passed ? "Completed" : "Failed"),
                new XElement(
                    Space + "Counters",
                    new XAttribute("total", results.Count),
                    new XAttribute("executed", results.Count),
                    new XAttribute("passed", Count(results, TestOutcome.Passed)),
                    new XAttribute("failed", Count(results, TestOutcome.Failed)),
                    new XAttribute("error", Count(results, TestOutcome.Error))))));
    }

    private static XElement Result(TestResult result) => new(
        Space + "UnitTestResult",
        new XAttribute("executionId", Id("execution", result.File)),
        new XAttribute("testId", Id("test", result.File)),
        new XAttribute("testName", $"fuzz.{result.Group}: {result.Name}"),
        new XAttribute("computerName", "fuzz"),
        new XAttribute("testType", UnitTestType),
        new XAttribute("outcome", result.Outcome.ToString()),
        new XAttribute("testListId", ListId),
        result.Outcome == TestOutcome.Passed
            ? null
            : new XElement(
                Space + "Output",
                new XElement(Space + "StdOut", result.Text),
                new XElement(Space + "ErrorInfo", new XElement(Space + "Message", result.Message))));

    private static XElement Definition(TestResult result) => new(
        Space + "UnitTest",
        new XAttribute("name", $"fuzz.{result.Group}: {result.Name}"),
        new XAttribute("storage", result.File),
        new XAttribute("id", Id("test", result.File)),
        new XElement(Space + "Execution", new XAttribute("id", Id("execution", result.File))),
        new XElement(
            Space + "TestMethod",
            new XAttribute("codeBase", result.File),
            new XAttribute("adapterTypeName", "executor://fuzz"),
            new XAttribute("className", $"fuzz.{result.Group}"),
            new XAttribute("name", result.Name)));

    private static int Count(IReadOnlyList<TestResult> results, TestOutcome outcome) =>
        results.Count(result => result.Outcome == outcome);

    private static string Id(string kind, string name) =>
        new Guid(SHA256.HashData(Encoding.UTF8.GetBytes($"{kind} {name}")).AsSpan(0, 16)).ToString();
}
