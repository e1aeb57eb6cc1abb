using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Fuzz.Campaign;

namespace Fuzz.Report;

/// <summary>A campaign as one HTML file that needs nothing else: no server, no network.</summary>
/// <remarks>
/// All words of the campaign are data: JSON whose every <c>&lt;</c> is escaped, which the page's script puts into text
/// nodes. As a second line of defence the page's own policy lets no script run but those that it came with.
/// </remarks>
public sealed class ReportPage
{
    /// <summary>Most characters of all failures' steps together; what does not fit is to be replayed by hand.</summary>
    public const int DetailsMax = 24_000_000;

    /// <summary>How it becomes JSON: keys are camelCase, nothing in it ends a script element.</summary>
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter() },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>In the order in which they run.</summary>
    private static readonly string[] Scripts = ["uPlot.js", "dom.js", "overview.js", "stepper.js", "page.js"];

    private static readonly ConcurrentDictionary<string, string> Assets = new(StringComparer.Ordinal);

    /// <summary>Whether this build has the script that draws charts.</summary>
    public static bool HasCharts => Asset("uPlot.js").Length > 0;

    /// <summary>What the page may do: run its own scripts and, when it is served, ask its own server.</summary>
    public static string Policy { get; } =
        $"default-src 'none'; script-src {string.Join(' ', Scripts.Select(name => Hash(Asset(name))))}; "
        + "style-src 'unsafe-inline'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'";

    /// <summary>The page of a folder, with every failure's steps in it.</summary>
    public static string Print(CampaignSnapshot folder)
    {
        List<string> details = [];
        int room = DetailsMax;
        foreach (StoredFailure failure in folder.Failures)
        {
            string detail = room > 0 ? JsonSerializer.Serialize(FailureDetail.Of(failure), Json) : "";
            room -= detail.Length;
            details.Add(room >= 0 ? detail : JsonSerializer.Serialize(LeftOut(failure), Json));
        }

        return Print(ReportBuilder.Build(folder), details, isLive: false);
    }

    /// <summary>The page of a report.</summary>
    /// <param name="report">The report.</param>
    /// <param name="details">The JSON of each failure's steps; none where the page can ask for them.</param>
    /// <param name="isLive">Whether the page asks its server for news.</param>
    public static string Print(CampaignReport report, IReadOnlyList<string> details, bool isLive)
    {
        StringBuilder data = new();
        AddData(data, "report", JsonSerializer.Serialize(report, Json));
        for (int i = 0; i < details.Count; i++)
        {
            AddData(data, $"failure-{i}", details[i]);
        }

        Dictionary<string, string> parts = new(StringComparer.Ordinal)
        {
            ["policy"] = WebUtility.HtmlEncode(Policy),
            ["title"] = WebUtility.HtmlEncode(report.Name),
            ["live"] = isLive ? "true" : "false",
            ["styles"] = $"<style>{Asset("uPlot.css")}</style>\n<style>{Asset("page.css")}</style>",
            ["data"] = data.ToString(),
            ["scripts"] = string.Concat(Scripts.Select(name => $"<script>{Asset(name)}</script>\n")),
        };
        return Fill(Asset("page.html"), parts);
    }

    private static FailureDetail LeftOut(StoredFailure failure) => new()
    {
        File = failure.Name,
        Text = "",
        Problem = "Its steps are left out, as the page is long already: replay it instead.",
    };

    private static void AddData(StringBuilder data, string id, string json) =>
        data.Append($"<script type=\"application/json\" id=\"{id}\">").Append(json).Append("</script>\n");

    /// <summary>Puts the parts where the template has <c>{{name}}</c>; what is put in is not looked at again.</summary>
    private static string Fill(string template, Dictionary<string, string> parts)
    {
        StringBuilder page = new();
        int from = 0;
        while (template.IndexOf("{{", from, StringComparison.Ordinal) is >= 0 and int open)
        {
            int close = template.IndexOf("}}", open, StringComparison.Ordinal);
            page.Append(template, from, open - from).Append(parts[template[(open + 2)..close]]);
            from = close + 2;
        }

        return page.Append(template, from, template.Length - from).ToString();
    }

    private static string Asset(string name) => Assets.GetOrAdd(name, static key =>
    {
        using Stream? stream = typeof(ReportPage).Assembly.GetManifestResourceStream(key);
        using StreamReader? reader = stream is null ? null : new StreamReader(stream);
        return reader?.ReadToEnd() ?? "";
    });

    private static string Hash(string script) =>
        $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script)))}'";
}
