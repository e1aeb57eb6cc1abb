using System.Text;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;

namespace Fuzz.Reporting;

/// <summary>What a person reads about one failure: program, race diagram, the broken law, and how to see it
/// again.</summary>
public static class TextReport
{
    private const int Width = 118;
    private const int KeyWidth = 12;

    /// <summary>The command that replays a file, quoted so that a shell takes any name for a name.</summary>
    public static string ReplayCommand(string file) =>
        $"dotnet run -c Release --project src/Fuzz.Cli -- replay {Quote(file.StartsWith('-') ? $"./{file}" : file)}";

    /// <summary>The whole report; lines end in newlines, no colours, the same for the same incident.</summary>
    /// <param name="incident">What happened.</param>
    /// <param name="file">Where the reproducer is kept, or null.</param>
    public static string Print(Incident incident, string? file)
    {
        StringBuilder text = new();
        AddHeadline(text, incident, file);
        Reproducer reproducer = incident.Reproducer;
        foreach (string line in reproducer.Remark.Length == 0 ? [] : reproducer.Remark.Split('\n'))
        {
            text.Append("  ").Append(line).Append('\n');
        }

        text.Append('\n');
        AddBlock(text, ProgramText.Print(reproducer.Program));
        text.Append('\n').Append(incident.Diagram).Append('\n');
        foreach ((string name, string fact) in Facts(incident))
        {
            Add(text, name, fact);
        }

        if (file is not null)
        {
            Add(text, "replay", ReplayCommand(file));
        }

        return text.ToString();
    }

    /// <summary>The report of a replay that left its schedule.</summary>
    public static string PrintDrift(Reproducer reproducer, Drift drift, string file)
    {
        StringBuilder text = new();
        text.Append($"DRIFTED: {file} no longer describes an execution of this engine\n\n");
        Add(text, "turn", $"{drift.Turn} of {reproducer.Schedule.Turns.Count}, at step {drift.Step}");
        Add(text, "expected", drift.Expected);
        Add(text, "actual", drift.Actual);
        Add(text, "made for", reproducer.Engine ?? "an engine that it does not name");
        Add(text, "what to do", "find the failure again (run, or hunt --update for a story) and store the new one");
        return text.ToString();
    }

    private static void AddHeadline(StringBuilder text, Incident incident, string? file)
    {
        string headline = incident.Main is { } main
            ? $"{main.Signature.Oracle.ToUpperInvariant()} violated: {main.Signature.Law} in {main.Signature.Routine}"
            : "NOTHING violated";
        string name = file ?? "";
        text.Append(headline.PadRight(Math.Max(Width - name.Length, headline.Length + 2)).TrimEnd());
        if (name.Length > 0)
        {
            int gap = Math.Max(2, Width - headline.Length - name.Length);
            text.Append(' ', gap).Append(name);
        }

        text.Append('\n');
    }

    /// <summary>What there is to say about a failure beside its program and its diagram: names and texts.</summary>
    public static IEnumerable<(string Name, string Text)> Facts(Incident incident)
    {
        Reproducer reproducer = incident.Reproducer;
        yield return ("law", incident.Main?.Signature.ToString() ?? "none broken");
        if (incident.Main is { } main && main.Signature != reproducer.Violates)
        {
            yield return ("expected", reproducer.Violates.ToString());
        }

        yield return ("precursor", DescribeOrNone(
            incident, incident.Precursor, "none: nothing was broken before the symptom"));
        yield return ("symptom", DescribeOrNone(incident, incident.Symptom, "none yet: nobody would have noticed"));
        if (incident.Distance is { } distance)
        {
            yield return ("distance", distance == 0
                ? "none: the same step"
                : $"{RaceDiagram.Steps(distance)} from precursor to symptom");
        }

        foreach (string message in incident.Messages)
        {
            yield return ("kernel says", message);
        }

        foreach (string message in incident.Threats)
        {
            yield return ("leads to", message);
        }

        yield return ("schedule", $"{Plural(reproducer.Schedule.Turns.Count, "turn")}, "
            + $"{Plural(reproducer.Schedule.Preemptions, "preemption")}, {RaceDiagram.Steps(incident.Steps)}");
        foreach ((string Name, string? Text) kept in Kept(reproducer))
        {
            if (kept.Text is { } text)
            {
                yield return (kept.Name, text);
            }
        }

        yield return ("runs on", reproducer.Variants.Count == 0
            ? "v6.18"
            : $"v6.18 with {string.Join(", ", reproducer.Variants)}");
    }

    private static (string Name, string? Text)[] Kept(Reproducer reproducer) =>
    [
        ("user sees", reproducer.Symptom),
        ("proof", reproducer.Proof),
        ("minimal", reproducer.Minimal),
        ("blame", reproducer.Blame),
        ("caught", reproducer.Caught),
        ("hunted", reproducer.Hunted),
    ];

    private static string Quote(string file) =>
        file.All(letter => char.IsAsciiLetterOrDigit(letter) || "/._+-:,=@".Contains(letter, StringComparison.Ordinal))
            ? file
            : $"'{file.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static string DescribeOrNone(Incident incident, Violation? violation, string none)
    {
        if (violation is null)
        {
            return none;
        }

        string where = "the setup";
        if (violation.Step >= 0 && violation.Step < incident.Trace.Count)
        {
            IncidentStep step = incident.Trace[violation.Step];
            where = $"step {violation.Step}, CPU{step.Cpu} at {step.Point}";
        }

        return $"{where}: {violation.Signature.Law}\n{violation.Detail}";
    }

    private static string Plural(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";

    private static void Add(StringBuilder text, string key, string value)
    {
        foreach (string line in value.TrimEnd('\n').Split('\n').SelectMany(Wrap))
        {
            text.Append($"  {key.PadRight(KeyWidth)}  {line}".TrimEnd()).Append('\n');
            key = "";
        }
    }

    private static List<string> Wrap(string line)
    {
        const int Room = Width - KeyWidth - 4;
        List<string> lines = [];
        while (line.Length > Room)
        {
            int at = line.LastIndexOf(' ', Room);
            if (at <= 0)
            {
                break;
            }

            lines.Add(line[..at]);
            line = line[(at + 1)..];
        }

        lines.Add(line);
        return lines;
    }

    private static void AddBlock(StringBuilder text, string block)
    {
        foreach (string line in block.TrimEnd('\n').Split('\n'))
        {
            text.Append($"  {line}".TrimEnd()).Append('\n');
        }
    }
}
