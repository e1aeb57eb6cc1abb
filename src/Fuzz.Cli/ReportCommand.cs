using System.CommandLine;
using Fuzz.Campaign;
using Fuzz.Programs;
using Fuzz.Report;

namespace Fuzz.Cli;

/// <summary><c>fuzz report DIR</c>: a campaign as a page, for CI, or served.</summary>
internal static class ReportCommand
{
    private const string DefaultOutput = "report.html";

    public static Command Build(Screen screen, CancellationToken cancel)
    {
        Argument<string> folder = new("DIR") { Description = "The folder of a campaign: run's --corpus." };
        Option<string?> output = FileOption(
            "--output", $"Where to put the page ({DefaultOutput} unless another form is asked for).");
        output.Aliases.Add("-o");
        Option<string?> junit = FileOption("--junit", "Where to put the failures as JUnit XML.");
        Option<string?> trx = FileOption("--trx", "Where to put the failures as TRX.");
        Option<string?> sarif = FileOption("--sarif", "Where to put the failures as SARIF 2.1.0.");
        Option<string?> serve = ServeOptions.Address();
        Option<string?> token = ServeOptions.Token();
        Command command = new("report", "Shows a campaign: as one HTML page, in a form for CI, or served.")
        {
            folder, output, junit, trx, sarif, serve, token,
        };
        command.SetAction(result =>
        {
            string path = result.GetRequiredValue(folder);
            CampaignSnapshot campaign = CampaignSnapshot.Read(path);
            string? address = result.GetValue(serve);
            (string? File, Func<CampaignSnapshot, string> Print)[] forms =
            [
                (result.GetValue(output), ReportPage.Print), (result.GetValue(junit), JUnitReport.Print),
                (result.GetValue(trx), TrxReport.Print), (result.GetValue(sarif), SarifReport.Print),
            ];
            if (address is null && Array.TrueForAll(forms, form => form.File is null))
            {
                forms[0].File = DefaultOutput;
            }

            Write(campaign, forms, screen);
            if (address is not null)
            {
                using ReportServer server = ServeOptions.Start(path, address, result.GetValue(token), screen);
                cancel.WaitHandle.WaitOne();
            }

            return App.NothingFound;
        });
        return command;
    }

    private static void Write(
        CampaignSnapshot campaign, (string? File, Func<CampaignSnapshot, string> Print)[] forms, Screen screen)
    {
        foreach ((string? file, Func<CampaignSnapshot, string> print) in forms)
        {
            if (file is null)
            {
                continue;
            }

            if (campaign.IsEmpty)
            {
                throw new InputException(
                    campaign.Path, 0, 0, "no worker and no reproducer in it",
                    "the folder of a campaign (run --corpus)");
            }

            CorpusStore.WriteWhole(file, print(campaign));
            screen.Note($"{file} written");
        }
    }

    private static Option<string?> FileOption(string name, string description) =>
        new(name) { Description = description, HelpName = "FILE" };
}
