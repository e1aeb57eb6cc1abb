using System.Text;
using Fuzz.Programs;
using Fuzz.Reporting;

namespace Fuzz.Campaign;

/// <summary>The table of the stories in <c>corpus/README.md</c>: nothing but what the reproducer files say.</summary>
public static class CorpusTable
{
    /// <summary>The line of the page above the table.</summary>
    public const string Begin = "<!-- stories: written by fuzz hunt --update -->";

    /// <summary>The line of the page below the table.</summary>
    public const string End = "<!-- end of stories -->";

    private static readonly string[] Columns =
    [
        "story", "calls", "cpus", "preemptions", "found by", "proof", "blame", "precursor to symptom",
        "how often each shows",
    ];

    /// <summary>The table, lines ending in newlines.</summary>
    public static string Print(IEnumerable<(Story Story, Reproducer Reproducer)> stories)
    {
        StringBuilder text = new();
        Add(text, Columns);
        Add(text, ["---", "--:", "--:", "--:", "---", "---", "---", "---", "---"]);
        foreach ((Story story, Reproducer reproducer) in stories)
        {
            Add(text,
            [
                $"[{story.Name}](defects/{story.Name}{CorpusStore.ReproducerSuffix})", Calls(reproducer.Program),
                $"{reproducer.Program.Cpus.Length}", $"{reproducer.Schedule.Preemptions}",
                reproducer.Hunted ?? "", reproducer.Proof ?? "", reproducer.Blame ?? "", reproducer.Distance ?? "",
                reproducer.Caught ?? "",
            ]);
        }

        return text.ToString();
    }

    /// <summary>Calls besides the setup, and those of the setup after a plus.</summary>
    public static string Calls(Program program) => $"{program.ConcurrentCalls}+{program.Setup.Length}";

    /// <summary>The table of a page, or null when it has no place for one.</summary>
    public static string? Find(string page) => Place(page) is { } place ? page[place] : null;

    /// <summary>The page with the table in its place, or null when it has none.</summary>
    public static string? Put(string table, string page) =>
        Place(page) is { } place ? page[..place.Start] + table + page[place.End..] : null;

    private static Range? Place(string page)
    {
        int begin = page.IndexOf($"{Begin}\n", StringComparison.Ordinal);
        int end = page.IndexOf(End, StringComparison.Ordinal);
        return begin >= 0 && end > begin ? (begin + Begin.Length + 1)..end : null;
    }

    private static void Add(StringBuilder text, IEnumerable<string> cells) =>
        text.Append("| ").AppendJoin(" | ", cells.Select(cell => cell.Replace("|", "\\|", StringComparison.Ordinal)))
            .Append(" |\n");
}
