using System.Text;

namespace Fuzz.Programs;

/// <summary>The one grammar under all texts: sections that begin in column 1, indented lines that continue them,
/// comments.</summary>
/// <remarks>A comment begins with a <c>#</c> that is the first letter of a word, so <c>ZapClearPte#2</c> is one
/// word.</remarks>
internal sealed class Sections
{
    /// <summary>Column (0-based) in which the contents of sections are printed.</summary>
    public const int Indent = 10;

    private const int WidthMax = 110;
    private const int ListedMax = 32;
    private readonly List<Section> all = [];
    private readonly List<string> remark = [];

    private Sections(string file) => File = file;

    /// <summary>Where the text came from.</summary>
    public string File { get; }

    /// <summary>The sections in the order of the text.</summary>
    public IReadOnlyList<Section> All => all;

    /// <summary>The comment above the first section, line by line, without the comment signs.</summary>
    public string Remark => string.Join('\n', remark);

    /// <summary>Splits a text; knows no names yet.</summary>
    /// <exception cref="InputException">An indented line comes before the first section.</exception>
    public static Sections Read(string text, string file)
    {
        Sections result = new(file);
        string[] lines = text.TrimStart('\uFEFF').Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            result.Add(lines[i], i + 1);
        }

        return result;
    }

    /// <summary>Prints one section: the first line behind the name, the others below it.</summary>
    public static void Print(StringBuilder into, string name, IEnumerable<string> lines)
    {
        string key = name;
        foreach (string line in lines)
        {
            into.Append(key.PadRight(Indent)).Append(line).Append('\n');
            key = "";
        }

        if (key.Length > 0)
        {
            into.Append(key).Append('\n');
        }
    }

    /// <summary>Prints a section that holds plain words, wrapped; reading it joins them again.</summary>
    public static void PrintWrapped(StringBuilder into, string name, string text)
    {
        List<string> lines = [];
        string line = "";
        foreach (string word in text.Split(' '))
        {
            if (line.Length > 0 && Indent + line.Length + 1 + word.Length > WidthMax)
            {
                lines.Add(line);
                line = "";
            }

            line = line.Length == 0 ? word : $"{line} {word}";
        }

        lines.Add(line);
        Print(into, name, lines);
    }

    /// <summary>A text as it comes back from print and parse: single blanks, and no word that begins a
    /// comment.</summary>
    public static string Plain(string text) => string.Join(
        ' ',
        text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
            .Select(word => word.TrimStart('#')).Where(word => word.Length > 0));

    /// <summary>Refuses sections that are not among <paramref name="names"/> and sections that come twice.</summary>
    public void Check(IReadOnlyList<string> names)
    {
        for (int i = 0; i < all.Count; i++)
        {
            Word name = all[i].Name;
            if (!names.Contains(name.Text, StringComparer.Ordinal))
            {
                throw Unknown(name, "section", names);
            }

            Section? earlier = all.Find(section => section.Name.Text == name.Text);
            if (earlier != all[i])
            {
                string problem = $"section '{name.Text}' comes twice, first in line {earlier!.Name.Line}";
                throw Error(name, problem, "each section once");
            }
        }
    }

    /// <summary>The section of that name, or null.</summary>
    public Section? Find(string name) => all.Find(section => section.Name.Text == name);

    /// <summary>An error at a word.</summary>
    public InputException Error(Word at, string problem, string expected, string? nearest = null) =>
        new(File, at.Line, at.Column, problem, expected, nearest);

    /// <summary>An error about something that is not there at all: it is put where the text ends.</summary>
    public InputException Missing(string expected)
    {
        Word last = all.Count == 0 ? new Word("", 1, 1) : all[^1].Words.LastOrDefault(all[^1].Name);
        return Error(last.After, "end of the text", expected);
    }

    /// <summary>An error about a name nobody knows.</summary>
    public InputException Unknown(Word word, string what, IReadOnlyCollection<string> names)
    {
        bool listed = names.Count is > 0 and <= ListedMax;
        string expected = listed ? $"one of {string.Join(", ", names)}" : $"a known {what}";
        return Error(
            word, $"unknown {what} {InputException.Quote(word.Text)}", expected, Names.Nearest(word.Text, names));
    }

    /// <summary>Whether a word is <paramref name="prefix"/> and a canonical decimal number that fits an int.</summary>
    public static bool TryNumber(string word, string prefix, out int value)
    {
        value = 0;
        if (!word.StartsWith(prefix, StringComparison.Ordinal) || word.Length == prefix.Length)
        {
            return false;
        }

        ReadOnlySpan<char> digits = word.AsSpan(prefix.Length);
        bool canonical = digits.Length == 1 || digits[0] != '0';
        return canonical && !digits.ContainsAnyExceptInRange('0', '9') && int.TryParse(digits, out value);
    }

    private void Add(string line, int number)
    {
        List<Word> words = [];
        int at = 0;
        while (true)
        {
            while (at < line.Length && char.IsWhiteSpace(line[at]))
            {
                at++;
            }

            if (at == line.Length || line[at] == '#')
            {
                break;
            }

            int from = at;
            while (at < line.Length && !char.IsWhiteSpace(line[at]))
            {
                at++;
            }

            words.Add(new Word(line[from..at], number, from + 1));
        }

        if (words.Count > 0)
        {
            Add(words);
        }
        else if (at < line.Length && all.Count == 0)
        {
            string comment = line[(at + 1)..].TrimEnd();
            remark.Add(comment.StartsWith(' ') ? comment[1..] : comment);
        }
    }

    private void Add(List<Word> words)
    {
        if (words[0].Column == 1)
        {
            all.Add(new Section(words[0]));
            words.RemoveAt(0);
        }
        else if (all.Count == 0)
        {
            throw Error(words[0], "an indented line before the first section", "the name of a section in column 1");
        }

        if (words.Count > 0)
        {
            all[^1].Lines.Add(words.ToArray());
        }
    }
}

/// <summary>One section: the word in column 1 and all words up to the next such word, line by line.</summary>
internal sealed class Section(Word name)
{
    /// <summary>The word in column 1.</summary>
    public Word Name { get; } = name;

    /// <summary>Lines that hold words.</summary>
    public List<Word[]> Lines { get; } = [];

    /// <summary>All words but the name.</summary>
    public IEnumerable<Word> Words => Lines.SelectMany(line => line);

    /// <summary>The words as one line of text.</summary>
    public string Text => string.Join(' ', Words.Select(word => word.Text));

    /// <summary>The lines, split further where a semicolon stands for the end of a line.</summary>
    public IEnumerable<Word[]> Statements()
    {
        foreach (Word[] line in Lines)
        {
            List<Word> statement = [];
            foreach (Word word in line)
            {
                string[] parts = word.Text.Split(';');
                int column = word.Column;
                for (int i = 0; i < parts.Length; i++)
                {
                    if (i > 0 && statement.Count > 0)
                    {
                        yield return statement.ToArray();
                        statement.Clear();
                    }

                    if (parts[i].Length > 0)
                    {
                        statement.Add(new Word(parts[i], word.Line, column));
                    }

                    column += parts[i].Length + 1;
                }
            }

            if (statement.Count > 0)
            {
                yield return statement.ToArray();
            }
        }
    }
}

/// <summary>A word of a text and where it stands; both numbers are 1-based.</summary>
internal readonly record struct Word(string Text, int Line, int Column)
{
    /// <summary>The place right behind it, where a missing word is complained about.</summary>
    public Word After => new("", Line, Column + Text.Length);
}
