using System.Globalization;

namespace Conformance;

/// <summary>What a real kernel shows, from the lines of the agent's <c>dump</c> (see README.md, "Protocol"), as a
/// <see cref="View"/>.</summary>
public static class DumpView
{
    private const ulong ZeroPage = 1UL << 24;

    /// <summary>Types of swap entries from here on are no devices' (include/linux/swap.h:
    /// MAX_SWAPFILES).</summary>
    private const int SpecialTypesMin = 20;

    /// <summary>What a sound kernel says of memory that it was asked to break (mm/memory-failure.c), and of a machine
    /// that others keep from running (kernel/time/clocksource.c, hrtimer.c).</summary>
    private static readonly string[] Expected =
    [
        "Memory failure:", "MCE: Killing", "oft offlin", "clocksource: Long readout interval",
        "hrtimer: interrupt took",
    ];

    /// <summary>Bits of /proc/kpageflags (include/uapi/linux/kernel-page-flags.h, include/linux/kernel-page-flags.h,
    /// v6.18). KPF_OWNER_2, called KPF_MAPPEDTODISK before v6.16, is the bit that PG_anon_exclusive is an alias
    /// of.</summary>
    private static readonly (int Bit, PageTraits Trait)[] Bits =
    [
        (0, PageTraits.Locked), (2, PageTraits.Referenced), (3, PageTraits.Uptodate), (4, PageTraits.Dirty),
        (5, PageTraits.Lru), (6, PageTraits.Active), (8, PageTraits.Writeback), (12, PageTraits.Anon),
        (13, PageTraits.Swapcache), (14, PageTraits.Swapbacked), (15, PageTraits.Large | PageTraits.Head),
        (16, PageTraits.Large), (18, PageTraits.Unevictable), (19, PageTraits.Poisoned), (21, PageTraits.Ksm),
        (33, PageTraits.Mlocked), (34, PageTraits.Exclusive),
    ];

    /// <summary>The state that a dump shows.</summary>
    /// <param name="lines">The lines, as they came.</param>
    /// <param name="mms">Processes of the shape.</param>
    /// <param name="pages">Pages of each.</param>
    /// <param name="inside">What is read besides, or null.</param>
    /// <exception cref="FormatException">A line is none of a dump.</exception>
    internal static View Parse(IEnumerable<string> lines, int mms, int pages, InsideView? inside = null)
    {
        Reading reading = new(mms, pages, inside);
        foreach (string line in lines)
        {
            reading.Take(line);
        }

        return reading.Finish();
    }

    private static PageTraits TraitsOf(ulong flags)
    {
        PageTraits traits = PageTraits.None;
        foreach ((int bit, PageTraits trait) in Bits)
        {
            traits |= (flags >> bit & 1) != 0 ? trait : PageTraits.None;
        }

        // PG_anon_exclusive of a page that is not anonymous is another flag with the same bit.
        return (traits & PageTraits.Anon) == PageTraits.None ? traits & ~PageTraits.Exclusive : traits;
    }

    private sealed class Reading(int mms, int pages, InsideView? inside)
    {
        private readonly PageView[] all = Empty(mms, pages);
        private readonly ProcessView[] processes =
            [.. Enumerable.Range(0, mms).Select(mm => new ProcessView(mm, false, 0, 0, 0, 0, 0))];
        private readonly List<string> messages = [];
        private readonly Identities frames = new();
        private readonly Identities slots = new();
        private int used;
        private bool on;

        public void Take(string line)
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            switch (line.Length == 0 ? '\0' : line[0])
            {
                case 'P' when words.Length > 3:
                    TakePages(line, words);
                    break;
                case 'V' when words.Length > 3:
                    TakeVma(line, words);
                    break;
                case 'M':
                    TakeProcess(line, words);
                    break;
                case 'W' when words.Length > 1:
                    on = words[1] != "none";
                    used = Number(line, words, "used=") ?? 0;
                    break;
                case 'K':
                    if (!Array.Exists(Expected, text => line.Contains(text, StringComparison.Ordinal)))
                    {
                        messages.Add(line[1..]);
                    }

                    break;
                default:
                    throw Strange(line);
            }
        }

        public View Finish() => new(all, processes, used, on, messages);

        private static PageView[] Empty(int mms, int pages) =>
            [.. from mm in Enumerable.Range(0, mms) from page in Enumerable.Range(0, pages)
                select new PageView(mm, page, EntryKind.None)];

        private void TakePages(string line, string[] words)
        {
            int mm = Decimal(line, words[0].AsSpan(1));
            string[] run = words[1].Split('+');
            int first = Decimal(line, run[0]);
            int count = run.Length == 1 ? 1 : Decimal(line, run[1]);
            bool present = words[2] == "present";
            long named = present
                ? (long)(Hex(line, words, "pfn=") ?? throw Strange(line))
                : Number(line, words, "off=") ?? throw Strange(line);
            if (mm >= mms || first + count > pages)
            {
                throw Strange(line);
            }

            PageView like = present ? Present(line, words) : Absent(line, words);
            Identities? objects = like.Entry switch
            {
                EntryKind.Present => frames,
                EntryKind.Swapped => slots,
                _ => null,
            };
            for (int page = first; page < first + count; page++)
            {
                PageView view = like with
                {
                    Mm = mm, Page = page, Object = objects?.Of(named + page - first) ?? like.Object,
                };
                all[mm * pages + page] = inside?.Add(view, (ulong)(named + page - first)) ?? view;
            }
        }

        private static PageView Present(string line, string[] words)
        {
            ulong flags = Hex(line, words, "flags=") ?? throw Strange(line);
            return (flags & ZeroPage) != 0
                ? new PageView(0, 0, EntryKind.Zero)
                : new PageView(0, 0, EntryKind.Present)
                {
                    Traits = TraitsOf(flags), Mapcount = Number(line, words, "map=") ?? throw Strange(line),
                };
        }

        private static PageView Absent(string line, string[] words)
        {
            int type = Number(line, words, "type=") ?? throw Strange(line);
            return new PageView(0, 0, type >= SpecialTypesMin ? EntryKind.Special : EntryKind.Swapped);
        }

        private void TakeVma(string line, string[] words)
        {
            int mm = Decimal(line, words[0].AsSpan(1));
            int first = Decimal(line, words[1]);
            int count = Decimal(line, words[2]);
            VmaTraits traits = VmaTraits.Mapped
                | (words[3].Contains('w', StringComparison.Ordinal) ? VmaTraits.Writable : VmaTraits.None)
                | (words[3].Contains('s', StringComparison.Ordinal) ? VmaTraits.Shared : VmaTraits.None)
                | (words.Contains("lo") ? VmaTraits.Locked : VmaTraits.None)
                | (words.Contains("dc") ? VmaTraits.DontCopy : VmaTraits.None);
            for (int page = first; page < first + count; page++)
            {
                if (mm >= mms || page >= pages)
                {
                    throw Strange(line);
                }

                all[mm * pages + page] = all[mm * pages + page] with { Vma = traits };
            }
        }

        private void TakeProcess(string line, string[] words)
        {
            int mm = Decimal(line, words[0].AsSpan(1));
            if (mm >= mms)
            {
                throw Strange(line);
            }

            ProcessView shown = new(
                mm, true, Number(line, words, "rss_anon="), Number(line, words, "rss_file="),
                Number(line, words, "rss_shmem="), Number(line, words, "swap="), Number(line, words, "locked="));
            processes[mm] = inside?.Add(shown) ?? shown;
        }

        private static string? Field(string[] words, string key) =>
            Array.Find(words, word => word.StartsWith(key, StringComparison.Ordinal))?[key.Length..];

        private static int? Number(string line, string[] words, string key) =>
            Field(words, key) is { } text ? Decimal(line, text) : null;

        private static ulong? Hex(string line, string[] words, string key) => Field(words, key) is not { } text ? null
            : ulong.TryParse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong value) ? value
            : throw Strange(line);

        private static int Decimal(string line, ReadOnlySpan<char> text) =>
            int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) ? value
            : throw Strange(line);

        private static FormatException Strange(string line) =>
            new($"the agent's dump has a line that is none: '{line}'");
    }
}
