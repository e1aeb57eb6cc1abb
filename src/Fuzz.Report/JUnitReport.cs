using System.Xml.Linq;
using Fuzz.Campaign;

namespace Fuzz.Report;

/// <summary>A campaign's failures as JUnit XML, in the form that Jenkins has a schema of (xunit-plugin,
/// junit-10.xsd).</summary>
public static class JUnitReport
{
    /// <summary>The file.</summary>
    public static string Print(CampaignSnapshot campaign)
    {
        IReadOnlyList<TestResult> results = TestResult.Of(campaign);
        XElement suite = new(
            "testsuite",
            new XAttribute("name", "fuzz"),
            new XAttribute("tests", results.Count),
            new XAttribute("failures", results.Count(result => result.Outcome == TestOutcome.Failed)),
            new XAttribute("errors", results.Count(result => result.Outcome == TestOutcome.Error)),
            results.Select(Describe));
        return XmlFile.Print(new XElement("testsuites", suite));
    }

    private static XElement Describe(TestResult result) => new(
        "testcase",
        new XAttribute("classname", $"fuzz.{result.Group}"),
        new XAttribute("name", result.Name),
        result.Outcome == TestOutcome.Passed
            ? null
            : new XElement(
                result.Outcome == TestOutcome.Failed ? "failure" : "error",
                new XAttribute("type", result.Group), new XAttribute("message", result.Message), result.Text));
}
