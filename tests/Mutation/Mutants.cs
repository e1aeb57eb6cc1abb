using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Tests.Mutation;

/// <summary>One change of one place.</summary>
/// <param name="Id">Stryker's number.</param>
/// <param name="File">The file, from the engine's folder on.</param>
/// <param name="Line">The line where it begins.</param>
/// <param name="Mutator">The kind of change.</param>
/// <param name="Original">The text that is replaced, in one line.</param>
/// <param name="Replacement">What stands there instead.</param>
/// <param name="Outside">Why it is none of the routines' behaviour, or null.</param>
internal sealed record Mutant(
    int Id, string File, int Line, string Mutator, string Original, string Replacement, string? Outside);

/// <summary>The mutants that Stryker compiled in, as its report lists them.</summary>
internal sealed partial class Mutants
{
    /// <summary>What Stryker says of a mutant that is not in the assembly.</summary>
    private static readonly string[] Absent = ["Ignored", "CompileError"];

    /// <summary>Reads the report of a folder.</summary>
    public Mutants(string folder)
    {
        Folder = folder;
        using JsonDocument report = JsonDocument.Parse(
            System.IO.File.ReadAllText(Path.Combine(folder, "mutation-report.json")));
        foreach (JsonProperty file in report.RootElement.GetProperty("files").EnumerateObject())
        {
            string[] lines = file.Value.GetProperty("source").GetString()!.Split('\n');
            string name = file.Name[(file.Name.IndexOf("/src/Mm/", StringComparison.Ordinal) + "/src/Mm/".Length)..];
            All.AddRange(
                from mutant in file.Value.GetProperty("mutants").EnumerateArray()
                where !Absent.Contains(mutant.GetProperty("status").GetString())
                select Read(mutant, name, lines));
        }

        All.Sort((a, b) => a.Id.CompareTo(b.Id));
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>All of them, by number.</summary>
    public List<Mutant> All { get; } = [];

    private static Mutant Read(JsonElement mutant, string file, string[] lines)
    {
        JsonElement start = mutant.GetProperty("location").GetProperty("start");
        JsonElement end = mutant.GetProperty("location").GetProperty("end");
        int first = start.GetProperty("line").GetInt32() - 1;
        int last = end.GetProperty("line").GetInt32() - 1;
        string before = string.Join('\n', lines[..first].Append(lines[first][..Column(start)]));
        string original = string.Join('\n', lines[first..(last + 1)]);
        original = original[Column(start)..^(lines[last].Length - Column(end))];
        string mutator = mutant.GetProperty("mutatorName").GetString()!;
        original = OneLine(original);
        string replacement = OneLine(mutant.GetProperty("replacement").GetString() ?? "");
        return new Mutant(
            int.Parse(mutant.GetProperty("id").GetString()!, CultureInfo.InvariantCulture), file, first + 1, mutator,
            original, replacement,
            WhyOutside(Statement(before, original), mutator, original, replacement));
    }

    private static int Column(JsonElement place) => place.GetProperty("column").GetInt32() - 1;

    /// <summary>From the beginning of the statement, or of the block, to the end of the mutant; without
    /// comments.</summary>
    private static string Statement(string before, string original)
    {
        IEnumerable<string> lines = before[(before.LastIndexOfAny([';', '{', '}']) + 1)..].Split('\n')
            .Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal));
        return OneLine($"{string.Join('\n', lines)}{original}").TrimStart('{', ' ');
    }

    private static string? WhyOutside(string statement, string mutator, string original, string replacement) =>
        Assertion().IsMatch(statement) ? "assertion"
        : Note().IsMatch(statement) ? "note"
        : Declaration().IsMatch(statement) ? "declaration"
        : mutator == "Statement mutation" && Step().IsMatch(original) ? "step"
        : original.Replace(">>", ">>>", StringComparison.Ordinal) == replacement ? "shift"
        : null;

    /// <summary>No line of the engine takes so long.</summary>
    private const int MatchMilliseconds = 1000;

    /// <summary>What the kernel checks: the test's side of the matter.</summary>
    [GeneratedRegex(@"^(K\.BugOn|TellBad)\b", RegexOptions.ExplicitCapture, MatchMilliseconds)]
    private static partial Regex Assertion();

    /// <summary>What is noted for the laws: ground truth, and what was touched.</summary>
    [GeneratedRegex(@"^([\w.!?]+\.)?(Truth\w*|Touched\.\w+|Touch\()", RegexOptions.ExplicitCapture, MatchMilliseconds)]
    private static partial Regex Note();

    /// <summary>How a point is declared: for searches and reports.</summary>
    [GeneratedRegex(@"^protected static readonly Point ", RegexOptions.ExplicitCapture, MatchMilliseconds)]
    private static partial Regex Declaration();

    /// <summary>A park before a step that is not a wait: without it two steps are one, which only takes interleavings
    /// away.</summary>
    [GeneratedRegex(@"^await cpu\.At\([^,]+, [^,]+(\([^()]*\))?\);$", RegexOptions.ExplicitCapture, MatchMilliseconds)]
    private static partial Regex Step();

    private static string OneLine(string text) =>
        string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
