using System.Globalization;

namespace Conformance;

/// <summary>Views as text for people.</summary>
public static class ViewText
{
    private const int GapMin = 2;

    /// <summary>One line for each page that is mapped or not empty, each process and the device.</summary>
    public static IReadOnlyList<string> Print(Reaction reaction) => [.. Lines(reaction).Select(line => line.Text)];

    /// <summary>Two views in two columns; lines that differ are marked.</summary>
    public static IReadOnlyList<string> SideBySide(Reaction engine, Reaction kernel)
    {
        Dictionary<string, string> mine = Lines(engine).ToDictionary(line => line.Key, line => line.Text);
        Dictionary<string, string> theirs = Lines(kernel).ToDictionary(line => line.Key, line => line.Text);
        int width = Math.Max("engine".Length, mine.Count == 0 ? 0 : mine.Values.Max(text => text.Length)) + GapMin;
        List<string> lines = [$"  {"engine".PadRight(width)}kernel"];
        foreach (string key in mine.Keys.Union(theirs.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            string left = mine.GetValueOrDefault(key, "-");
            string right = theirs.GetValueOrDefault(key, "-");
            lines.Add($"{(left == right ? ' ' : '!')} {left.PadRight(width)}{right}");
        }

        return lines;
    }

    private static IEnumerable<(string Key, string Text)> Lines(Reaction reaction)
    {
        yield return ("0", $"answer {reaction.Answer ?? "any"}");
        foreach (PageView page in reaction.View.Pages)
        {
            if (page.Vma != VmaTraits.None || page.Entry != EntryKind.None)
            {
                yield return ($"1 {page.Mm} {page.Page:00}", Print(page));
            }
        }

        foreach (ProcessView process in reaction.View.Processes.Where(process => process.Alive))
        {
            yield return (
                $"2 {process.Mm}",
                $"mm{process.Mm} anon {Shown(process.Anon)} file {Shown(process.File)} shmem {Shown(process.Shmem)} "
                + $"swap {Shown(process.Swap)} locked {Shown(process.Locked)}");
        }

        string used = reaction.View.SlotsUsed.ToString(CultureInfo.InvariantCulture);
        yield return ("3", reaction.View.SwapOn ? $"slots in use {used}" : "swap is off");
        foreach ((string message, int i) in reaction.View.Messages.Select((message, i) => (message, i)))
        {
            yield return ($"4 {i:000}", $"console {message}");
        }
    }

    private static string Print(PageView page)
    {
        string what = page.Entry switch
        {
            EntryKind.None => "none",
            EntryKind.Zero => "zero page",
            EntryKind.Swapped => $"slot {page.Object}",
            EntryKind.Present => $"frame {page.Object} map {page.Mapcount} {Words(page.Traits)}",
            _ => "special",
        };
        return $"mm{page.Mm} p{page.Page} {what} ({Words(page.Vma)})";
    }

    private static string Words<T>(T flags)
        where T : struct, Enum => flags.ToString().Replace(",", "", StringComparison.Ordinal).ToLowerInvariant();

    private static string Shown(int? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "?";
}
