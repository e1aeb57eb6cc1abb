using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Fuzz.Campaign;

namespace Fuzz.Report;

/// <summary>What a server answers.</summary>
/// <param name="Text">The body.</param>
/// <param name="Tag">Its entity tag: another one for another body.</param>
internal sealed record LiveAnswer(string Text, string Tag)
{
    /// <summary>An answer with that body.</summary>
    public static LiveAnswer Of(string text) =>
        new(text, $"\"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16))}\"");
}

/// <summary>The report of a folder that changes.</summary>
/// <remarks>Reads it again only when its files have changed, and replays a reproducer only when it has. Thread-safe;
/// one reader at a time, so that many requests cost no more than one.</remarks>
internal sealed class LiveReport(string folder)
{
    private const int DetailsMax = 64;
    private readonly System.Threading.Lock gate = new();
    private readonly Dictionary<string, LiveAnswer> details = new(StringComparer.Ordinal);
    private string stamp = "";
    private CampaignSnapshot? campaign;
    private CampaignReport? report;
    private LiveAnswer? json;

    /// <summary>The page.</summary>
    public LiveAnswer Page()
    {
        lock (gate)
        {
            Refresh();
            return LiveAnswer.Of(ReportPage.Print(report!, [], isLive: true));
        }
    }

    /// <summary>What the page shows.</summary>
    public LiveAnswer Json()
    {
        lock (gate)
        {
            Refresh();
            return json!;
        }
    }

    /// <summary>The steps of a failure; null when there is none of that name.</summary>
    public LiveAnswer? Failure(string name)
    {
        lock (gate)
        {
            Refresh();
            StoredFailure? failure = campaign!.Failures.FirstOrDefault(failure => failure.Name == name);
            if (failure is null)
            {
                return null;
            }

            string key = $"{name}\n{failure.Reproducer.Print()}";
            if (!details.TryGetValue(key, out LiveAnswer? answer))
            {
                if (details.Count >= DetailsMax)
                {
                    details.Clear();
                }

                answer = LiveAnswer.Of(JsonSerializer.Serialize(FailureDetail.Of(failure), ReportPage.Json));
                details.Add(key, answer);
            }

            return answer;
        }
    }

    private void Refresh()
    {
        string now = CampaignSnapshot.Stamp(folder);
        if (now == stamp && json is not null)
        {
            return;
        }

        campaign = CampaignSnapshot.Read(folder);
        report = ReportBuilder.Build(campaign);
        json = LiveAnswer.Of(JsonSerializer.Serialize(report, ReportPage.Json));
        stamp = now;
    }
}
