using System.Text.Json;
using System.Text.Json.Nodes;
using Fuzz.Campaign;
using Fuzz.Execution;
using Fuzz.Reporting;

namespace Fuzz.Report;

/// <summary>A campaign's failures as SARIF 2.1.0 (OASIS, 2020), which code hosts show beside the code.</summary>
/// <remarks>A rule is one law of one oracle. A result is one signature on one set of variants; its fingerprint is just
/// that, so that it is the same result in each run, whatever its reproducer has shrunk to.</remarks>
public static class SarifReport
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>The file.</summary>
    public static string Print(CampaignSnapshot campaign)
    {
        string[] rules =
        [
            .. campaign.Failures.Select(failure => RuleOf(failure.Reproducer.Violates))
                .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
        ];
        IEnumerable<JsonNode> results = campaign.Failures.Select(failure => Result(campaign, failure, rules));
        JsonObject run = new()
        {
            ["tool"] = new JsonObject
            {
                ["driver"] = new JsonObject
                {
                    ["name"] = "fuzz",
                    ["fullName"] = "Folio fuzz",
                    ["version"] = EngineVersion.Current,
                    ["rules"] = new JsonArray([.. rules.Select(Rule)]),
                },
            },
            ["invocations"] = new JsonArray(new JsonObject
            {
                ["executionSuccessful"] = true,
                ["toolExecutionNotifications"] = new JsonArray([.. campaign.Unreadable.Select(Notification)]),
            }),
            ["columnKind"] = "utf16CodeUnits",
            ["results"] = new JsonArray([.. results]),
        };
        JsonObject log = new()
        {
            ["$schema"] = "https://json.schemastore.org/sarif-2.1.0.json",
            ["version"] = "2.1.0",
            ["runs"] = new JsonArray(run),
        };
        return $"{log.ToJsonString(Indented)}\n";
    }

    private static string RuleOf(Signature signature) => $"{signature.Oracle}: {signature.Law}";

    private static JsonNode Rule(string id) => new JsonObject
    {
        ["id"] = id,
        ["shortDescription"] = Text(id),
        ["defaultConfiguration"] = new JsonObject { ["level"] = "error" },
    };

    private static JsonObject Result(CampaignSnapshot campaign, StoredFailure failure, string[] rules)
    {
        Reproducer reproducer = failure.Reproducer;
        string rule = RuleOf(reproducer.Violates);
        string variants = string.Join('+', reproducer.Variants);
        string symptom = reproducer.Symptom is null ? "" : $" {reproducer.Symptom}.";
        string remark = reproducer.Remark.Length == 0 ? "" : $"\n{reproducer.Remark}";
        string command = TextReport.ReplayCommand(Path.Combine(campaign.Path, failure.Name));
        return new JsonObject
        {
            ["ruleId"] = rule,
            ["ruleIndex"] = Array.IndexOf(rules, rule),
            ["level"] = "error",
            ["message"] = Text($"{reproducer.Violates}.{symptom}{remark}\nReplay: {command}"),
            ["locations"] = new JsonArray(new JsonObject
            {
                ["physicalLocation"] = new JsonObject
                {
                    ["artifactLocation"] = new JsonObject { ["uri"] = UriOf(campaign.Path, failure.Name) },
                    ["region"] = new JsonObject { ["startLine"] = 1 },
                },
                ["logicalLocations"] = new JsonArray(new JsonObject
                {
                    ["name"] = reproducer.Violates.Routine,
                    ["kind"] = "function",
                }),
            }),
            ["partialFingerprints"] = new JsonObject
            {
                ["signature/v1"] = variants.Length == 0
                    ? reproducer.Violates.ToString()
                    : $"{reproducer.Violates} with {variants}",
            },
        };
    }

    private static JsonNode Notification(UnreadableFile file) => new JsonObject
    {
        ["level"] = "error",
        ["message"] = Text(file.Problem),
    };

    private static JsonObject Text(string text) => new() { ["text"] = text };

    /// <summary>Relative when the folder is given so: code hosts want names below the root of the repository.</summary>
    private static string UriOf(string folder, string name)
    {
        IEnumerable<string> parts = folder.Replace('\\', '/').Split('/').Append(name)
            .Where(part => part is not ("" or "."));
        string path = string.Join('/', parts.Select(Uri.EscapeDataString));
        return Path.IsPathRooted(folder) ? $"file:///{path}" : path;
    }
}
