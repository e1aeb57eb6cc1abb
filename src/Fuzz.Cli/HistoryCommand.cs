using System.CommandLine;
using System.Text.Json.Nodes;
using Fuzz.Programs;
using Fuzz.Reporting;
using Mm.History;
using Spectre.Console;

namespace Fuzz.Cli;

/// <summary><c>fuzz history</c>: the commits that matter to the stories, and what each version has in
/// force.</summary>
internal static class HistoryCommand
{
    public static Command Build(Screen screen)
    {
        Argument<string?> place = new("VERSION")
        {
            Description = "A kernel version or a commit: what is in force there. Everything when nothing is said.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Option<bool> json = Inputs.JsonOption();
        Command command = new("history", "Prints the modelled history: commits, versions, variants in force.")
        {
            place, json,
        };
        command.SetAction(result =>
        {
            string? name = result.GetValue(place);
            bool asJson = result.GetValue(json);
            if (name is not null)
            {
                ShowOne(name, asJson, screen);
            }
            else if (asJson)
            {
                screen.Line(JsonReport.Line(ToJson()));
            }
            else
            {
                Print(screen);
            }

            return App.NothingFound;
        });
        return command;
    }

    /// <summary>A commit for machines.</summary>
    public static JsonObject ToJson(Commit commit) => new()
    {
        ["hash"] = commit.Hash == Commit.Unverified ? null : commit.Hash,
        ["subject"] = commit.Subject,
        ["date"] = commit.Date,
        ["release"] = commit.Release,
        ["certainty"] = Certainty(commit),
        ["ends"] = Names(commit.Ends),
        ["begins"] = Names(commit.Begins),
    };

    private static void ShowOne(string name, bool json, Screen screen)
    {
        Place place = Inputs.Place(name);
        SourceTree tree = SourceTree.Line(place.Branch)[place.Index];
        KernelVersion? version = KernelVersion.Find(name);
        if (json)
        {
            screen.Line(JsonReport.Line(new JsonObject
            {
                ["name"] = name,
                ["date"] = version?.Date ?? tree.Last?.Date,
                ["note"] = version?.Note,
                ["branch"] = place.Branch?.Name,
                ["variants"] = Names(tree.Variants),
                ["masked"] = Names(tree.Masked),
                ["lastCommit"] = tree.Last is null ? null : ToJson(tree.Last),
            }));
            return;
        }

        screen.Line($"{name}{(version is null ? "" : $", {version.Date}: {version.Note}")}");
        screen.Line($"last commit   {tree.Last?.ToString() ?? "none"}");
        screen.Line(tree.Variants.Count == 0
            ? "in force      nothing but v6.18's text"
            : $"in force      v6.18's text with {string.Join(", ", tree.Variants)}");
        foreach (string variant in tree.Variants)
        {
            screen.Line($"  {variant}: {VariantCatalog.Get(variant).Facts.Subject}");
        }

        foreach (string masked in tree.Masked)
        {
            screen.Line($"  {masked} stands back: another form of the same routine is in force");
        }
    }

    private static void Print(Screen screen)
    {
        screen.Print(CommitTable("mainline", Mainline.Commits));
        foreach (Branch branch in Branch.All)
        {
            screen.Print(CommitTable($"{branch.Name}, on {branch.Base}: {branch.Note}", branch.Commits));
        }

        Table versions = new Table().RoundedBorder().AddColumns("version", "date", "variants in force", "what it was");
        versions.Columns[0].NoWrap();
        versions.Columns[1].NoWrap();
        foreach (KernelVersion version in KernelVersion.All)
        {
            Row(versions, version.Name, version.Date, string.Join(", ", version.Variants), version.Note);
        }

        screen.Print(versions);
        screen.Line(
            "certainty: git, read at this commit; list, seen in published lists; mail, the patch or its quotation was "
            + "read;");
        screen.Line("           tree, seen in releases around it; memory, not verified");
    }

    private static Table CommitTable(string title, IReadOnlyList<Commit> commits)
    {
        Table table = new Table().RoundedBorder().Title(Markup.Escape(title)).AddColumns(
            "first in", "date", "commit", "certainty", "subject", "ends", "begins");
        foreach (int column in new[] { 0, 1, 2, 3 })
        {
            table.Columns[column].NoWrap();
        }

        foreach (Commit commit in commits)
        {
            Row(
                table, commit.Release, commit.Date, commit.Hash, Certainty(commit), commit.Subject,
                string.Join(", ", commit.Ends), string.Join(", ", commit.Begins));
        }

        return table;
    }

    private static JsonObject ToJson() => new()
    {
        ["commits"] = new JsonArray(Mainline.Commits.Select(commit => (JsonNode)ToJson(commit)).ToArray()),
        ["branches"] = new JsonArray(Branch.All.Select(branch => (JsonNode)new JsonObject
        {
            ["name"] = branch.Name,
            ["base"] = branch.Base,
            ["note"] = branch.Note,
            ["commits"] = new JsonArray(branch.Commits.Select(commit => (JsonNode)ToJson(commit)).ToArray()),
        }).ToArray()),
        ["versions"] = Catalogs.KernelsToJson(),
    };

    private static string Certainty(Commit commit) => commit.Certainty.ToString().ToLowerInvariant();

    private static JsonArray Names(IReadOnlyList<string> names) => new(names.Select(name => (JsonNode)name).ToArray());

    private static void Row(Table table, params string[] cells) => table.AddRow(cells.Select(Markup.Escape).ToArray());
}
