using System.Text;
using Fuzz.Programs;
using Interleave;

namespace Fuzz.Schedules;

/// <summary>The text form of schedules: a section <c>schedule</c> with one turn a line.</summary>
/// <remarks>
/// <code>
/// schedule  cpu0 until ZapClearPte      # parked there for the first time in this turn
///           cpu1 until RmapReadPte#2    # for the second time
///           cpu0 until blocked
///           cpu1 until done
/// </code>
/// Semicolons may stand for ends of lines. Point names are one word, without <c>#</c> and <c>;</c>.
/// </remarks>
public static class ScheduleText
{
    internal const string SectionName = "schedule";

    /// <summary>Reads a schedule.</summary>
    /// <param name="text">The text, with the section's name.</param>
    /// <param name="file">Named in errors.</param>
    /// <param name="points">When given, names of points must be among them.</param>
    /// <exception cref="InputException">The text is not a schedule.</exception>
    public static Schedule Parse(string text, string file = "schedule", PointTable? points = null)
    {
        Sections sections = Sections.Read(text, file);
        sections.Check([SectionName]);
        return Parse(sections, points, Machine.CpusMax);
    }

    /// <summary>The canonical text: <c>Parse(Print(s))</c> equals s.</summary>
    public static string Print(Schedule schedule)
    {
        StringBuilder text = new();
        Print(text, schedule);
        return text.ToString();
    }

    internal static void Print(StringBuilder into, Schedule schedule) =>
        Sections.Print(into, SectionName, schedule.Turns.Select(turn => turn.ToString()));

    internal static Schedule Parse(Sections sections, PointTable? points, int cpus)
    {
        Section section = sections.Find(SectionName) ?? throw sections.Missing($"the section '{SectionName}'");
        return new Schedule(section.Statements().Select(words => ParseTurn(sections, words, points, cpus)).ToArray());
    }

    private static Turn ParseTurn(Sections sections, Word[] words, PointTable? points, int cpus)
    {
        const string Form = "a turn 'cpuN until POINT', 'cpuN until blocked' or 'cpuN until done'";
        string lanes = cpus == 0 ? "no turn: there is no cpu" : $"cpu0..cpu{cpus - 1}";
        if (!Sections.TryNumber(words[0].Text, "cpu", out int cpu))
        {
            throw sections.Error(words[0], $"{InputException.Quote(words[0].Text)} is no cpu", Form);
        }

        if (cpu >= cpus)
        {
            throw sections.Error(words[0], $"{InputException.Quote(words[0].Text)} is out of range", lanes);
        }

        if (words.Length > 1 && words[1].Text != "until")
        {
            throw sections.Error(words[1], $"unknown word {InputException.Quote(words[1].Text)}", Form, "until");
        }

        if (words.Length < 3)
        {
            throw sections.Error(words[^1].After, "the turn ends too early", Form);
        }

        if (words.Length > 3)
        {
            throw sections.Error(words[3], $"{InputException.Quote(words[3].Text)} is too much", "the end of the turn");
        }

        return words[2].Text switch
        {
            "blocked" => Turn.UntilBlocked(cpu),
            "done" => Turn.UntilDone(cpu),
            _ => ParsePoint(sections, words[2], points, cpu),
        };
    }

    private static Turn ParsePoint(Sections sections, Word word, PointTable? points, int cpu)
    {
        int sign = word.Text.IndexOf('#', StringComparison.Ordinal);
        Word name = sign < 0 ? word : word with { Text = word.Text[..sign] };
        int occurrence = 1;
        if (sign >= 0 && (!Sections.TryNumber(word.Text[(sign + 1)..], "", out occurrence) || occurrence == 0))
        {
            Word number = new(word.Text[sign..], word.Line, word.Column + sign);
            throw sections.Error(
                number, $"{InputException.Quote(number.Text)} is no occurrence", "'#' and a number from 1");
        }

        if (points is not null && Find(points, name.Text) is null)
        {
            throw sections.Unknown(name, "point", Ends(points));
        }

        return Turn.Until(cpu, name.Text, occurrence);
    }

    /// <summary>The point of that name where a turn can end: not the start, which no lane comes back to.</summary>
    internal static Point? Find(PointTable points, string name) =>
        points.Find(name) is { } point && point != points.Start ? point : null;

    /// <summary>What may follow <c>until</c>: the points, and the two words.</summary>
    internal static string[] Ends(PointTable points) =>
        [.. points.All.Where(point => point != points.Start).Select(point => point.Name), "blocked", "done"];
}
