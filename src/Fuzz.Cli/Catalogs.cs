using System.Text.Json.Nodes;
using Fuzz.Campaign;
using Fuzz.Programs;
using Interleave;
using Mm;
using Mm.History;
using Spectre.Console;

namespace Fuzz.Cli;

/// <summary>Everything that has a name: calls, points, variants, kernel versions, stories.</summary>
internal static class Catalogs
{
    public static void PrintCalls(Screen screen)
    {
        Table table = new Table().RoundedBorder().AddColumns(
            "family", "call", "arguments", "kernel entry", "what it does");
        foreach (string family in MmLanguage.Families)
        {
            foreach (CallInfo call in MmLanguage.Instance.Calls.Where(call => call.Family == family))
            {
                Row(table, family, call.Name, Arguments(call), call.Entry, call.Summary);
            }
        }

        screen.Print(table);
    }

    public static JsonNode CallsToJson() => Array(MmLanguage.Instance.Calls, call => new JsonObject
    {
        ["name"] = call.Name,
        ["family"] = call.Family,
        ["arguments"] = Arguments(call),
        ["entry"] = call.Entry,
        ["summary"] = call.Summary,
    });

    public static void PrintPoints(Screen screen)
    {
        Table table = new Table().RoundedBorder().AddColumns("point", "kernel function", "access");
        foreach (Point point in AllPoints())
        {
            Row(table, point.Name, point.Function, point.Access.ToString());
        }

        screen.Print(table);
    }

    public static JsonNode PointsToJson() => Array(AllPoints(), point => new JsonObject
    {
        ["name"] = point.Name,
        ["function"] = point.Function,
        ["access"] = point.Access.ToString(),
    });

    public static void PrintVariants(Screen screen)
    {
        Table table = new Table().RoundedBorder().AddColumns("variant", "what it is", "where from", "fix", "symptom");
        foreach (Variant variant in VariantCatalog.All)
        {
            VariantAttribute facts = variant.Facts;
            Row(table, variant.Name, facts.Subject, facts.Origin, facts.Fix, facts.Symptom);
        }

        screen.Print(table);
    }

    public static JsonNode VariantsToJson() => Array(VariantCatalog.All, variant => new JsonObject
    {
        ["name"] = variant.Name,
        ["subject"] = variant.Facts.Subject,
        ["origin"] = variant.Facts.Origin,
        ["fix"] = variant.Facts.Fix,
        ["symptom"] = variant.Facts.Symptom,
    });

    public static void PrintKernels(Screen screen)
    {
        Table table = new Table().RoundedBorder().AddColumns("kernel", "variants", "what it was");
        foreach (KernelVersion version in KernelVersion.All)
        {
            Row(table, version.Name, string.Join(", ", version.Variants), version.Note);
        }

        screen.Print(table);
    }

    public static JsonNode KernelsToJson() => Array(KernelVersion.All, version => new JsonObject
    {
        ["name"] = version.Name,
        ["variants"] = new JsonArray(version.Variants.Select(name => (JsonNode)name).ToArray()),
        ["date"] = version.Date,
        ["note"] = version.Note,
    });

    public static void PrintStories(Screen screen)
    {
        Table table = new Table().RoundedBorder().AddColumns("story", "variant", "known by", "what happens");
        foreach (Story story in Story.All)
        {
            Row(table, story.Name, string.Join(", ", story.Variants), $"{story.Oracle}: {story.Law}", story.Title);
        }

        screen.Print(table);
    }

    public static JsonNode StoriesToJson() => Array(Story.All, story => new JsonObject
    {
        ["name"] = story.Name,
        ["variant"] = string.Join(',', story.Variants),
        ["oracle"] = story.Oracle,
        ["law"] = story.Law,
        ["title"] = story.Title,
    });

    private static IEnumerable<Point> AllPoints()
    {
        Points.DefineAll();
        return Points.Table.All.Where(p => p != Points.Table.Start).OrderBy(p => p.Name, StringComparer.Ordinal);
    }

    private static string Arguments(CallInfo call) => string.Join(' ', call.Parameters.Select(
        p => p.IsIdentifier ? $"{p.Prefix}N" : $"{p.Min}..{p.Max}"));

    private static void Row(Table table, params string[] cells) => table.AddRow(cells.Select(Markup.Escape).ToArray());

    private static JsonArray Array<T>(IEnumerable<T> items, Func<T, JsonObject> toJson) =>
        new(items.Select(item => (JsonNode)toJson(item)).ToArray());
}
