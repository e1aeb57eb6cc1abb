namespace Fuzz.Questions;

/// <summary>What to make of the table of <see cref="ZapCallersQuestion"/>.</summary>
internal static class ZapCallersFinding
{
    /// <summary>Lines of a text.</summary>
    public static IReadOnlyList<string> Lines =>
    [
        "Of the file's own pages Peter Xu is right: what a pass of v5.17 skips because it is migrating, the redo under",
        "the folio's lock finds, as its reference makes the migration give up, or its wait ends after the migration;",
        "and without the redo it leaves the page cache mapped. That zap_details mean that there are no anonymous pages",
        "is where he is wrong, and so in \"we can't write a reproducer\": copies of private mappings are what most of",
        "the broken cells are about. The redo cannot help there: it goes by the page cache, where copies are not, and",
        "spares them. A copy in swap survives both passes of a truncation without anybody else running, as the commit",
        "5abfd71d936a says a week later; a migrating one only if both passes fall into one migration; and so does the",
        "poison of a broken one: SIGBUS where the file, grown again, has a page of zeroes.",
        "Hugh Dickins is right in both: truncation never took copies in swap, and the RFC's form loses them to a hole",
        "punch, as it loses poison (\"we should simply zap\" it): a load then reads the file instead of failing.",
        "The two without a redo: on pages of the page cache a pass of v5.17 leaves what migrates. Those of gfs2 are",
        "such pages, so the answer to \"or am I wrong?\" is yes; what it relies on comes later, in writeback and in",
        "inode_go_inval(), both under the folio's lock, and is not modelled. Those of vmwgfx are no page cache pages",
        "and do not migrate. With v6.18's form the pass is right by itself.",
        "The redo stays necessary with v6.18's form, for pages that a fault maps again behind the pass.",
    ];
}
