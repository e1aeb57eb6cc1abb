using System.Text.RegularExpressions;
using Tests.Defects;

namespace Tests.Tidy;

/// <summary>One of the house's own source files.</summary>
internal sealed class SourceFile
{
    private static readonly Regex NamespaceLine =
        new("^namespace (?<name>[A-Za-z.]+);", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture);
    private static readonly Regex TypeLine = new(
        @"^\s*public (?:(?:static|sealed|abstract|readonly|partial|ref|unsafe) )*"
        + @"(?:class|struct|interface|enum|delegate [\w<>?]+|record struct|record class|record) (?<name>\w+)",
        RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture);

    private static readonly string[] TypeWords = ["class", "struct", "interface", "record", "enum"];

    private static readonly Lazy<SourceFile[]> Files = new(() => [.. new[] { "src", "generators", "tests" }
        .SelectMany(folder => Directory.EnumerateFiles(
            Path.Combine(CorpusFolder.Root, folder), "*.cs", SearchOption.AllDirectories))
        .Select(file => new SourceFile(file))
        .Where(file => !file.Folders.Any(folder => folder is "bin" or "obj"))
        .OrderBy(file => file.Name, StringComparer.Ordinal)]);

    private SourceFile(string path)
    {
        Name = Path.GetRelativePath(CorpusFolder.Root, path).Replace('\\', '/');
        Folders = Name.Split('/')[..^1];
        Lines = File.ReadAllLines(path);
    }

    /// <summary>All of them, but what the build generates.</summary>
    public static IReadOnlyList<SourceFile> All => Files.Value;

    /// <summary>The path from the root on: <c>src/Mm/Points.cs</c>.</summary>
    public string Name { get; }

    /// <summary>The folders of that path.</summary>
    public string[] Folders { get; }

    public string[] Lines { get; }

    /// <summary>The namespace that the file declares, or null.</summary>
    public string? Namespace => Lines.Select(line => NamespaceLine.Match(line))
        .FirstOrDefault(match => match.Success)?.Groups["name"].Value;

    /// <summary>The lines that are no comments, numbered from 1.</summary>
    public IEnumerable<(int Number, string Text)> Code => Lines
        .Select((text, i) => (Number: i + 1, Text: text))
        .Where(line => !IsComment(line.Text));

    /// <summary>The lines of each method, constructor and accessor, from its first line to its closing brace.</summary>
    /// <remarks>Goes by the layout: a brace alone on a line is closed by the next brace alone in the same column. What
    /// precedes it, up to a blank line or another brace, is its head; a head that declares a type is none.</remarks>
    public IEnumerable<(int First, int Last)> Methods()
    {
        for (int open = 0; open < Lines.Length; open++)
        {
            string indent = Lines[open][..^Lines[open].TrimStart().Length];
            if (Lines[open].Trim() != "{" || indent.Length == 0)
            {
                continue;
            }

            int head = open;
            while (head > 0 && !EndsBefore(Lines[head - 1]))
            {
                head--;
            }

            if (!string.Join(' ', Lines[head..open]).Split(' ').Any(word => TypeWords.Contains(word)))
            {
                int close = Array.FindIndex(
                    Lines, open, line => line.StartsWith($"{indent}}}", StringComparison.Ordinal));
                yield return (Array.FindIndex(Lines, head, line => !IsComment(line)), close);
            }
        }
    }

    /// <summary>Public types, with whatever stands above their declaration.</summary>
    public IEnumerable<(string Name, string[] Above)> PublicTypes()
    {
        for (int i = 0; i < Lines.Length; i++)
        {
            Match match = TypeLine.Match(Lines[i]);
            if (match.Success)
            {
                int first = i;
                while (first > 0 && !EndsBefore(Lines[first - 1]))
                {
                    first--;
                }

                yield return (match.Groups["name"].Value, Lines[first..i]);
            }
        }
    }

    private static bool IsComment(string line) => line.TrimStart().StartsWith("//", StringComparison.Ordinal);

    /// <summary>Whether what comes after this line is something new.</summary>
    private static bool EndsBefore(string line) =>
        line.Length == 0 || (line[^1] is '{' or '}' or ';' && !IsComment(line));
}
