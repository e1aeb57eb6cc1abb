using Fuzz.Execution;
using Fuzz.Programs;

namespace Fuzz.Questions;

/// <summary>Which caller of zap_pte_range() with zap_details can do harm, by leaving what it should take or by taking
/// what it should leave?</summary>
/// <remarks>
/// A row is a caller, with the even_cows that it passes, and what it meets; a column a form of zap_pte_range(), and
/// whether the caller unmaps again under the folio's lock. Each cell has programs of its own: the caller against what
/// makes, moves or drops that entry, or uses it.
/// </remarks>
public sealed class ZapCallersQuestion : Question
{
    private const string Swapped = "v6.18, even_cows swapped";
    private const string RfcForm = "RFC, redo";

    /// <summary>Those without a lock-and-redo of their own are what the mail asks about.</summary>
    private static readonly Caller[] Callers =
    [
        new("shmem_setattr (1)", true, "mms 1", "", "truncate f0 0", []),
        new("truncate_pagecache (1)", true, "mms 1  filetype disk", "", "truncate f0 0", []),
        new("shmem_fallocate (0)", false, "mms 1", "", "punch f0 i0 1", []),
        new("truncate_pagecache_range (0)", false, "mms 1  filetype disk", "", "punch f0 i0 1", []),
        new("invalidate_inode_pages2 (0)", false, "mms 2  filetype disk", Shared, "invalidate f0 i0", []),
        new("unmap_shared_mapping (0)", false, "mms 2  filetype disk", Shared, "invalidate f0 i0",
            ["unmap-shared-mapping-range"]),
    ];

    private static readonly Kind[] Kinds =
    [
        new("page",
        [
            ("mapshared mm0 p0 f0 i0\nread mm0 p0\ndontneed mm0 p0 1", "read mm0 p0"),
            ("mapshared mm0 p0 f0 i0\nread mm0 p0\ndrain", "read mm0 p0"),
            ("mapshared mm0 p0 f0 i0\nread mm0 p0\ndrain", "dontneed mm0 p0 1"),
        ]),
        new("migrating page", [("mapshared mm0 p0 f0 i0\nread mm0 p0\ndrain", "migrate mm0 p0")]),
        new("copy",
        [
            ("mapprivate mm0 p0 f0 i0\nread mm0 p0\ndrain", "write mm0 p0"),
            ("mapprivate mm0 p0 f0 i0", "write mm0 p0"),
        ]),
        new("copy in swap",
        [
            ("mapprivate mm0 p0 f0 i0\nwrite mm0 p0\npageout mm0 p0", "read mm0 p0"),
            ("mapprivate mm0 p0 f0 i0\nwrite mm0 p0", "pageout mm0 p0"),
        ]),
        new("migrating copy", [("mapprivate mm0 p0 f0 i0\nwrite mm0 p0\ndrain", "migrate mm0 p0")]),
        new("poisoned copy",
            [("mapprivate mm0 p0 f0 i0\nwrite mm0 p0\ndrain\npoison mm0 p0", "read mm0 p0")]),
    ];

    private static readonly Form[] Forms =
    [
        new("v5.17, redo", ["zap-skips-swap"], Redo: true),
        new("v5.17, no redo", ["zap-skips-swap", "no-locked-redo"], Redo: false),
        new(RfcForm, ["zap-takes-all-swap"], Redo: true),
        new("RFC, no redo", ["zap-takes-all-swap", "no-locked-redo"], Redo: false),
        new("v6.18, redo", [], Redo: true),
        new("v6.18, no redo", ["no-locked-redo"], Redo: false),
        new(Swapped, ["even-cows-swapped"], Redo: true),
    ];

    private static readonly HashSet<string> Oracles = new(StringComparer.Ordinal)
    {
        "truncation", "private-copy", "file-mapping", "zap", "content", "rest-content", "rss", "exit-rss",
    };

    /// <summary>A second process has the page of the file, so that there is something to be unmapped for.</summary>
    private const string Shared = "fork mm0 mm1\nmapshared mm1 p0 f0 i0\nread mm1 p0\n";

    /// <inheritdoc />
    public override string Name => "zap-callers";

    /// <inheritdoc />
    public override string Title =>
        "which caller of zap_pte_range() with zap_details leaves what it should take, or takes what it should leave?";

    /// <inheritdoc />
    public override IReadOnlyList<string> Asked =>
    [
        "Peter Xu, 2022-01-20 (seed 004): with details there are no anonymous pages; only migration entries of a",
        "file's pages can be skipped wrongly; but all callers \"have another step to take the lock and redo the",
        "range\", so \"we can't write a reproducer\". Two do not: inode_go_sync() of gfs2 and vmw_bo_dirty_unmap(),",
        "\"however I don't think they'll have migration entries at all, or am I wrong?\" And \"we should simply zap",
        "that hwpoison entry\". Hugh Dickins, in the same mail: truncation has left swapped-out COWed pages all the",
        "time, unnoticed; without \"details continue\" a hole punch \"will go on to delete COWed pages\".",
    ];

    /// <inheritdoc />
    public override IReadOnlyList<string> Legend =>
    [
        "Rows: the caller, in parentheses the even_cows that it passes; and what it meets in the page table.",
        "*unmap_shared_mapping*: unmaps and does nothing else, as gfs2 and vmwgfx do; here on the page cache.",
        "*copy*: what a private mapping has instead of the file's page, made while the caller is under way.",
        "Columns: the form of zap_pte_range(), and whether the caller unmaps again under the folio's lock.",
        "*v5.17*: with details, entries that are not present are left (2.6.12 to v5.17).",
        "*RFC*: swap and poison entries always go, migration entries by what migrates (RFC v1 and v2, 2021).",
        "*v6.18*: all entries by what they stand for (since v5.18).",
        "*even_cows swapped*: v6.18, but each caller passes the other even_cows.",
        "Left out: collapse_file(), which uses try_to_unmap() now; markers; device entries.",
    ];

    /// <inheritdoc />
    public override string Counts =>
        "entries that outlive a truncation, private copies and poison that go with the file's pages, pages that stay "
        + "mapped when they have left the page cache or when a pass over them is done, wrong data, wrong counters";

    /// <inheritdoc />
    public override bool TakesRandomPrograms => false;

    /// <inheritdoc />
    public override IReadOnlyList<string> Finding => ZapCallersFinding.Lines;

    /// <inheritdoc />
    public override IReadOnlyList<Cell> Cells { get; } =
    [
        .. Callers.SelectMany(caller => Kinds.SelectMany(kind => Forms
            .Where(form => form.Redo || caller.Variants.Length == 0 || form.Variants.Contains("no-locked-redo"))
            .Where(form => caller.Variants.Length == 0 || !form.Redo)
            .Select(form => CellOf(caller, kind, form)))),
    ];

    /// <inheritdoc />
    public override bool Matches(Violation violation) =>
        Oracles.Contains(violation.Signature.Oracle)
        || violation.Signature.Law.StartsWith("BUG: Bad page cache", StringComparison.Ordinal)
        || violation.Signature.Law.StartsWith("BUG_ON(folio_mapped", StringComparison.Ordinal);

    private static Cell CellOf(Caller caller, Kind kind, Form form) => new(
        $"{caller.Name}, {kind.Name}", form.Name, [.. form.Variants, .. caller.Variants], Said(caller, kind, form))
    {
        Programs = [.. kind.Programs.Select(program => ProgramOf(caller, program.Setup, program.Other))],
    };

    private static Program ProgramOf(Caller caller, string kind, string other)
    {
        // What goes on in a section is indented.
        string setup = string.Concat(caller.Setup, kind).Replace("\n", "\n ", StringComparison.Ordinal);
        return ProgramText.Parse(
            MmLanguage.Instance,
            $"shape pages 1 slots 2 {caller.Shape}\nsetup {setup}\ncpu0 {other}\ncpu1 {caller.Call}");
    }

    /// <summary>What the mail says: Peter Xu of v5.17 and of poison, Hugh Dickins of the RFC's form.</summary>
    private static Conclusion Said(Caller caller, Kind kind, Form form)
    {
        bool migratingPage = kind.Name == "migrating page";
        bool open = caller.Variants.Length > 0;
        return form.Name switch
        {
            "v5.17, redo" => Conclusion.Safe,
            "v5.17, no redo" => migratingPage ? (open ? Conclusion.Open : Conclusion.Broken) : Conclusion.None,
            RfcForm => kind.Name == "copy in swap" && !caller.EvenCows ? Conclusion.Broken : Conclusion.Safe,
            "v6.18, redo" => Conclusion.Safe,
            _ => Conclusion.None,
        };
    }

    private sealed record Caller(
        string Name, bool EvenCows, string Shape, string Setup, string Call, string[] Variants);

    private sealed record Kind(string Name, (string Setup, string Other)[] Programs);

    private sealed record Form(string Name, string[] Variants, bool Redo);
}
