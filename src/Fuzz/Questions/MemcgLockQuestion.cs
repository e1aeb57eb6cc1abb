using Fuzz.Execution;
using Fuzz.Programs;

namespace Fuzz.Questions;

/// <summary>Where must page_remove_rmap() take lock_page_memcg(), and against whom?</summary>
/// <remarks>
/// Positions and movers are forms of two routines, so that each meets each. The programs have a remover and a mover in
/// every way in which both can have the same folio: mapped in the table that is walked, mapped in another one only,
/// found on the LRU.
/// </remarks>
public sealed class MemcgLockQuestion : Question
{
    private static readonly (string Name, string[] Variants, Conclusion[] Said)[] Positions =
    [
        ("early", ["lock-page-memcg"], [Conclusion.Safe, Conclusion.Safe, Conclusion.Safe, Conclusion.Safe]),
        ("late", ["late-memcg-lock"], [Conclusion.Safe, Conclusion.Broken, Conclusion.Safe, Conclusion.Broken]),
        ("late, delayed", ["lock-page-memcg", "delayed-anon-rmap"],
            [Conclusion.Open, Conclusion.Open, Conclusion.Open, Conclusion.Broken]),
        ("none", [], [Conclusion.Safe, Conclusion.Broken, Conclusion.Safe, Conclusion.Broken]),
    ];

    private static readonly (string Name, string Variant)[] Movers =
    [
        ("mapped entries", "charge-moving-mapped"), ("any entry", "charge-moving"),
        ("filtered", "charge-moving-filtered"), ("from the LRU", "lru-reparenting"),
    ];

    private static readonly IReadOnlyList<Program> Programs = Parse(
        """
        # The last mapping goes from one table, a swap entry of another one leads to the folio.
        shape mms 2 pages 1 slots 2 device async memcgs 2
        setup write mm0 p0
              pageout mm0 p0
              fork mm0 mm1
              read mm1 p0
        cpu0  dontneed mm1 p0 1
        cpu1  attach mm0 memcg1
        """,
        """
        # The same, but the mapping goes because its page is copied.
        shape mms 2 pages 1 slots 2 device async memcgs 2
        setup write mm0 p0
              pageout mm0 p0
              fork mm0 mm1
              read mm1 p0
        cpu0  write mm1 p0
        cpu1  attach mm0 memcg1
        """,
        """
        # The mapping that goes is the one that the mover finds.
        shape mms 1 pages 1 slots 1 device async memcgs 2
        setup write mm0 p0
              drain
        cpu0  dontneed mm0 p0 1
        cpu1  attach mm0 memcg1
        """,
        """
        # Two mappings go, one of them of the process that moves.
        shape mms 2 pages 1 slots 1 device async memcgs 2
        setup write mm0 p0
              drain
              fork mm0 mm1
        cpu0  dontneed mm1 p0 1
              dontneed mm0 p0 1
        cpu1  attach mm0 memcg1
        """,
        """
        # The memcg of a page that is mapped elsewhere is removed.
        shape mms 1 pages 1 slots 1 device async memcgs 2
        setup attach mm0 memcg1
              write mm0 p0
              drain
              attach mm0 memcg0
        cpu0  dontneed mm0 p0 1
        cpu1  offline memcg1
        """);

    /// <inheritdoc />
    public override string Name => "memcg-lock";

    /// <inheritdoc />
    public override string Title => "may lock_page_memcg() be taken just before the statistics, or not at all?";

    /// <inheritdoc />
    public override IReadOnlyList<string> Asked =>
    [
        "Hugh Dickins, 2022-11-07: the locks \"could and should be moved just before the stats updates\", \"not 100%",
        "certain\", and \"the answer might be different\" when the mapcount is lowered after the page table lock.",
        "Johannes Weiner, same day: early is needed against who moves without the page table lock; with it, the lock",
        "is redundant. Pages found through entries that do not map them were left: 4e0cf05f6059 skips those that are",
        "mapped elsewhere, then c7c3dec1c9db removed the lock (v6.3).",
    ];

    /// <inheritdoc />
    public override IReadOnlyList<string> Legend =>
    [
        "Rows: where the remover of a mapping takes lock_page_memcg().",
        "*early*: before the mapcount goes down (up to v6.2).",
        "*late*: after it, around the statistics only.",
        "*late, delayed*: late in page_zap_pte_rmap(), after the page table lock (next-20221107); early elsewhere.",
        "*none*: not at all (since v6.3).",
        "Columns: who moves folios to another memcg.",
        "*mapped entries*: charge moving, of pages that the walked table maps (as the mails describe it).",
        "*any entry*: and of what swap entries lead to (up to v6.2).",
        "*filtered*: but of that only what nobody maps (4e0cf05f6059, v6.3 to v6.12).",
        "*from the LRU*: reparenting, without any page table lock (up to v3.18).",
    ];

    /// <inheritdoc />
    public override IReadOnlyList<string> Finding =>
    [
        "The mails are right about who moves what the walked table maps, and about who moves without its lock. The two",
        "cells where they are not: 4e0cf05f6059 makes sure, with the folio lock, that what nobody maps stays unmapped.",
        "But that nobody maps it does not mean that its last unmap has been counted: between the mapcount and the",
        "statistics of an unmap in another page table, whose lock the mover does not hold, the folio moves without its",
        "statistics, and the unmap is then taken off the new memcg. Only the early lock keeps the mover out of there.",
        "In the kernel the window is a few instructions long; with the removal delayed until the TLB flush, which is",
        "Hugh Dickins' \"the answer might be different\", it is as long as the flush.",
    ];

    /// <inheritdoc />
    public override string Counts => "mapped pages that are in the statistics of a memcg that they are not charged to";

    /// <inheritdoc />
    public override IReadOnlyList<Cell> Cells { get; } =
    [
        .. Positions.SelectMany(position => Movers.Select((mover, column) =>
            new Cell(position.Name, mover.Name, [.. position.Variants, mover.Variant], position.Said[column])
            {
                Programs = Programs,
            })),
    ];

    /// <inheritdoc />
    public override bool Matches(Violation violation) =>
        violation.Signature.Oracle == "memcg-stat"
        && violation.Signature.Law.StartsWith("mapped page is counted in another", StringComparison.Ordinal);
}
