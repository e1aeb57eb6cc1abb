using System.Globalization;
using System.Text;

namespace Fuzz.Programs;

/// <summary>The text form of programs, the one that people read and write.</summary>
/// <remarks>
/// <code>
/// # comments begin at a word that begins with #
/// shape     mms 2  pages 1  slots 3  device sync
/// setup     write mm0 p0
///           fork mm0 mm1
/// cpu0      read mm0 p0
/// cpu1      write mm1 p0; pageout mm1 p0
/// </code>
/// A section begins in column 1 and goes on in indented lines; a semicolon stands for the end of a line. Shape fields
/// that are left out have their simplest value. Text is strict: whatever is out of range is an error, never clamped.
/// </remarks>
public static class ProgramText
{
    private const string ShapeName = "shape";
    private const string SetupName = "setup";

    /// <summary>Reads a program.</summary>
    /// <param name="language">What it is written in.</param>
    /// <param name="text">The text.</param>
    /// <param name="file">Named in errors.</param>
    /// <exception cref="InputException">The text is not a program.</exception>
    public static Program Parse(Language language, string text, string file = "program")
    {
        Sections sections = Sections.Read(text, file);
        sections.Check(SectionNames(language));
        return Parse(language, sections);
    }

    /// <summary>The canonical text: <c>Parse(Print(p))</c> equals p, and all shape fields but quiet ones at their
    /// simplest are written.</summary>
    public static string Print(Program program)
    {
        StringBuilder text = new();
        Print(text, program);
        return text.ToString();
    }

    /// <summary>One call as it is written in a program: <c>dontneed mm0 p1 2</c>.</summary>
    public static string Print(Language language, Call call)
    {
        CallInfo info = language.Calls[call.Kind];
        StringBuilder text = new(info.Name);
        for (int i = 0; i < info.Parameters.Length; i++)
        {
            text.Append(' ').Append(info.Parameters[i].Prefix).Append(call[i]);
        }

        return text.ToString();
    }

    /// <summary>The sections a program may have.</summary>
    internal static IReadOnlyList<string> SectionNames(Language language) =>
        [ShapeName, SetupName, .. Enumerable.Range(0, language.CpusMax).Select(CpuName)];

    /// <summary>Reads the sections that make a program; others are somebody else's.</summary>
    internal static Program Parse(Language language, Sections sections)
    {
        // The shape comes first, wherever it stands: it bounds the arguments.
        int[] shape = ParseShape(language, sections);
        CallParser calls = new(language, shape, sections);
        List<Call[]> cpus = [];
        int present = sections.All.Count(section => IsCpu(language, section.Name.Text));
        for (int i = 0; i < present; i++)
        {
            Section? section = sections.Find(CpuName(i));
            if (section is null)
            {
                Section stray = sections.All.First(s => IsCpu(language, s.Name.Text)
                    && Sections.TryNumber(s.Name.Text, "cpu", out int number) && number >= present);
                throw sections.Error(stray.Name, $"'{stray.Name.Text}' without '{CpuName(i)}'", "cpus without gaps");
            }

            cpus.Add(calls.Parse(section));
        }

        Section? setup = sections.Find(SetupName);
        return new Program(language, shape, setup is null ? [] : calls.Parse(setup), cpus.ToArray());
    }

    /// <summary>Prints the sections of a program.</summary>
    internal static void Print(StringBuilder into, Program program)
    {
        Language language = program.Language;
        IEnumerable<string> fields = language.Shape.Zip(program.Shape)
            .Where(shape => !shape.First.IsQuiet || shape.Second != shape.First.Simplest)
            .Select(shape => Print(shape.First, shape.Second));
        Sections.Print(into, ShapeName, [string.Join("  ", fields)]);
        if (program.Setup.Length > 0)
        {
            Sections.Print(into, SetupName, program.Setup.Select(call => Print(language, call)));
        }

        for (int i = 0; i < program.Cpus.Length; i++)
        {
            Sections.Print(into, CpuName(i), program.Cpus[i].Select(call => Print(language, call)));
        }
    }

    private static string Print(ShapeField field, int value) =>
        $"{field.Name} {field.Words?[value - field.Min] ?? value.ToString(CultureInfo.InvariantCulture)}";

    private static string CpuName(int index) => $"cpu{index}";

    private static bool IsCpu(Language language, string name) =>
        Sections.TryNumber(name, "cpu", out int number) && number < language.CpusMax;

    private static int[] ParseShape(Language language, Sections sections)
    {
        int?[] values = new int?[language.Shape.Count];
        Word[] words = sections.Find(ShapeName)?.Words.ToArray() ?? [];
        for (int i = 0; i < words.Length; i += 2)
        {
            int index = 0;
            while (index < values.Length && language.Shape[index].Name != words[i].Text)
            {
                index++;
            }

            if (index == values.Length)
            {
                throw sections.Unknown(words[i], "shape field", language.Shape.Select(f => f.Name).ToArray());
            }

            ShapeField field = language.Shape[index];
            if (values[index] is not null)
            {
                throw sections.Error(words[i], $"shape field '{field.Name}' comes twice", "each field once");
            }

            if (i + 1 == words.Length)
            {
                throw sections.Error(words[i].After, $"'{field.Name}' without a value", RangeOf(field));
            }

            values[index] = ParseValue(sections, field, words[i + 1]);
        }

        return values.Select((value, i) => value ?? language.Shape[i].Simplest).ToArray();
    }

    private static int ParseValue(Sections sections, ShapeField field, Word word)
    {
        int named = Array.IndexOf(field.Words ?? [], word.Text);
        if (named >= 0)
        {
            return field.Min + named;
        }

        bool isNumber = Sections.TryNumber(word.Text, "", out int value);
        if (isNumber && value >= field.Min && value <= field.Max)
        {
            return value;
        }

        string problem = isNumber
            ? $"{field.Name} {InputException.Quote(word.Text)} is out of range"
            : $"{InputException.Quote(word.Text)} is no value of '{field.Name}'";
        string? nearest = isNumber ? null : Names.Nearest(word.Text, field.Words ?? []);
        throw sections.Error(word, problem, RangeOf(field), nearest);
    }

    private static string RangeOf(ShapeField field) => field.Words is null
        ? $"a number {field.Min}..{field.Max}"
        : $"one of {string.Join(", ", field.Words)}";
}
