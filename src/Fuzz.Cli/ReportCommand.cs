using System.CommandLine;
using Fuzz.Campaign;
using Fuzz.Programs;
using Fuzz.Report;

namespace Fuzz.Cli;

/// <summary><c>fuzz report DIR</c>: a campaign as a page.</summary>
internal static class ReportCommand
{
    private const string DefaultOutput = "report.html";

    public static Command Build(Screen screen, CancellationToken cancel)
    {
        Argument<string> folder = new("DIR") { Description = "The folder of a campaign: run's --corpus." };
        Option<string?> output = new("--output", "-o")
        {
            Description = $"Where to put the page ({DefaultOutput} unless said).",
            HelpName = "FILE",
        };
        Command command = new("report", "Writes a campaign as one HTML page that needs nothing else.")
        {
            folder, output,
        };
        command.SetAction(result =>
        {
            CampaignSnapshot campaign = CampaignSnapshot.Read(result.GetRequiredValue(folder));
            if (campaign.IsEmpty)
            {
                throw new InputException(
                    campaign.Path, 0, 0, "no worker and no reproducer in it",
                    "the folder of a campaign (run --corpus)");
            }

            string file = result.GetValue(output) ?? DefaultOutput;
            CorpusStore.WriteWhole(file, ReportPage.Print(campaign));
            screen.Note($"{file} written");
            return App.NothingFound;
        });
        return command;
    }
}
