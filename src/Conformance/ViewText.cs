using System.Globalization;

namespace Conformance;

/// <summary>Views as text for people.</summary>
public static class ViewText
{
    private const int GapMin = 2;

    /// <summary>Pages that are shown on one line; fewer are shown one by one.</summary>
    private const int RunMin = 8;

    /// <summary>One line for each page that is mapped or not empty, or for many that are alike, each process and the
    /// device.</summary>
    public static IReadOnlyList<string> Print(Reaction reaction) =>
        [.. Lines(reaction, [.. Runs(reaction.View)]).Select(line => line.Text)];

    /// <summary>Two views in two columns; lines that differ are marked. What only the kernel's memory says is shown,
    /// if it was read.</summary>
    public static IReadOnlyList<string> SideBySide(Reaction engine, Reaction kernel)
    {
        (int, int)[] runs = [.. Runs(engine.View, kernel.View)];
        bool isRead = kernel.View.Pages.Any(page => page.Inside is not null);
        Dictionary<string, string> mine = Lines(engine, runs, isRead)
            .ToDictionary(line => line.Key, line => line.Text);
        Dictionary<string, string> theirs = Lines(kernel, runs, isRead)
            .ToDictionary(line => line.Key, line => line.Text);
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

    /// <summary>Runs of pages, by place in a view, that are alike in each of some views.</summary>
    private static IEnumerable<(int First, int Count)> Runs(params View[] views)
    {
        int first = 0;
        for (int at = 1; at <= views[0].Pages.Count; at++)
        {
            if (at == views[0].Pages.Count || !views.All(view => Follows(view.Pages[first], view.Pages[at])))
            {
                int length = at - first < RunMin ? 1 : at - first;
                for (; first < at; first += length)
                {
                    yield return (first, length);
                }
            }
        }
    }

    /// <summary>Whether a page is what a page after it is, but for their numbers, which go up together.</summary>
    private static bool Follows(PageView first, PageView page) => page == first with
    {
        Page = page.Page,
        Object = first.Object < 0 ? first.Object : first.Object + page.Page - first.Page,
    };

    private static IEnumerable<(string Key, string Text)> Lines(
        Reaction reaction, (int First, int Count)[] runs, bool inside = false)
    {
        yield return ("0", $"answer {reaction.Answer ?? "any"}");
        foreach ((int first, int count) in runs)
        {
            PageView page = reaction.View.Pages[first];
            if (page.Vma != VmaTraits.None || page.Entry != EntryKind.None)
            {
                yield return ($"1 {page.Mm} {page.Page:0000}", Print(page, count, inside));
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

    private static string Print(PageView page, int count, bool inside)
    {
        string pages = count == 1 ? $"p{page.Page}" : $"p{page.Page}+{count}";
        string what = page.Entry switch
        {
            EntryKind.None => "none",
            EntryKind.Zero => "zero page",
            EntryKind.Swapped => $"slot {page.Object}",
            EntryKind.Present => $"frame {page.Object} map {page.Mapcount} {Words(page.Traits)}",
            _ => "special",
        };
        string read = inside && page.Inside is { } more ? $" [{more}]" : "";
        return $"mm{page.Mm} {pages} {what}{read} ({Words(page.Vma)})";
    }

    private static string Words<T>(T flags)
        where T : struct, Enum => flags.ToString().Replace(",", "", StringComparison.Ordinal).ToLowerInvariant();

    private static string Shown(int? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "?";
}
