using Fuzz.Execution;
using Fuzz.Programs;

namespace Fuzz.Questions;

/// <summary>Who is the first to map a folio from the swap cache, and what makes the answer last?</summary>
/// <remarks>
/// Two processes swap in one folio that both have a swap entry for; then what they have mapped is used and goes. With
/// large folios, whether all entries of a batch agree is a third question.
/// </remarks>
public sealed class FirstMapperQuestion : Question
{
    private static readonly (string Name, string[] Variants, Conclusion Said)[] Rows =
    [
        ("lock held, test inside", [], Conclusion.Safe),
        ("lock held, test before it", ["anon-test-before-lock"], Conclusion.Broken),
        ("no lock, test at the rmap", ["swapin-without-folio-lock"], Conclusion.Broken),
        ("no lock, test at the lookup", ["anon-test-without-lock"], Conclusion.Broken),
    ];

    private static readonly (string Name, string[] Variants, Conclusion Said)[] Columns =
    [
        ("exclusive as the entry", [], Conclusion.Safe),
        ("always exclusive", ["new-rmap-always-exclusive"], Conclusion.Broken),
        ("mixed batch", ["batch-ignores-exclusive"], Conclusion.Broken),
        ("part of a large folio", ["partial-new-on-large"], Conclusion.Broken),
    ];

    /// <summary>What a first mapping sets up, and what relies on it.</summary>
    private static readonly HashSet<string> Oracles = new(StringComparer.Ordinal)
    {
        "first-map", "mapcount", "large-counts", "mm-ids", "rest-rmap", "anon-tag", "anon-sticky", "anon-vma-tree",
        "exclusive-mapcount", "exclusive-slot", "exclusive-entry", "migration-exclusive", "writable",
    };

    private static readonly IReadOnlyList<Program> Programs = Parse(
        """
        # Both map it for the first time at once.
        shape mms 2 pages 1 slots 2 device sync
        setup write mm0 p0
              pageout mm0 p0
              fork mm0 mm1
        cpu0  read mm0 p0
        cpu1  read mm1 p0
        """,
        """
        # One of the two wants to write.
        shape mms 2 pages 1 slots 2 device sync
        setup write mm0 p0
              pageout mm0 p0
              fork mm0 mm1
        cpu0  write mm0 p0
        cpu1  read mm1 p0
        """,
        """
        # It is in the swap cache already, and one mapping goes again.
        shape mms 2 pages 1 slots 2 device sync
        setup write mm0 p0
              pageout mm0 p0
              fork mm0 mm1
              readahead mm0 p0
        cpu0  read mm0 p0
              dontneed mm0 p0 1
        cpu1  read mm1 p0
        """,
        """
        # unuse_pte() is the other one that may come first.
        shape mms 2 pages 1 slots 2 device sync
        setup write mm0 p0
              pageout mm0 p0
              fork mm0 mm1
        cpu0  read mm0 p0
        cpu1  swapoff
        """,
        """
        # Two threads of one process: one page table lock, one entry.
        shape mms 1 pages 1 slots 2 device sync
        setup write mm0 p0
              pageout mm0 p0
              readahead mm0 p0
        cpu0  read mm0 p0
        cpu1  write mm0 p0
        """,
        """
        # A large folio in the swap cache, and the entries of one of the two are not alike.
        shape mms 2 pages 4 slots 4 device async pmd 3 thp mthp
        setup write mm0 p0
              write mm0 p1
              write mm0 p2
              write mm0 p3
              pageoutrange mm0 p0
              dontfork mm0 p0 1
              fork mm0 mm1
              dofork mm0 p0 1
        cpu0  write mm0 p0
        cpu1  read mm1 p1
        """,
        """
        # Two processes map a large folio of the swap cache for the first time.
        shape mms 2 pages 4 slots 4 device sync pmd 3 thp mthp
        setup write mm0 p0
              write mm0 p1
              write mm0 p2
              write mm0 p3
              pageoutrange mm0 p0
              fork mm0 mm1
        cpu0  read mm0 p0
        cpu1  read mm1 p1
        """,
        """
        # A large folio is read past the swap cache, and one of its entries goes meanwhile.
        shape mms 1 pages 4 slots 4 device sync pmd 3 thp mthp
        setup write mm0 p0
              write mm0 p1
              write mm0 p2
              write mm0 p3
              pageoutrange mm0 p0
        cpu0  read mm0 p0
        cpu1  dontneed mm0 p1 1
        """);

    /// <inheritdoc />
    public override string Name => "first-mapper";

    /// <inheritdoc />
    public override string Title =>
        "may do_swap_page() call folio_add_new_anon_rmap(), which stores the mapcount, for whoever finds !anon?";

    /// <inheritdoc />
    public override IReadOnlyList<string> Asked =>
    [
        "Barry Song, January 2024: who is the first to add an rmap? \"by the time the task got !anon result, this",
        "result might get changed by another task\". David Hildenbrand: \"Again, folio lock\"; without it all",
        "\"would be completely racy\"; and the RFC does not check that all entries are exclusive or all shared.",
        "Hugh Dickins, 2024-06-20: \"I worry over how its atomic_set(&page->_mapcount, 0)s can be safe when",
        "non-exclusive\". David Hildenbrand: held at folio == swapcache, as do_swap_page() and unuse_pte() do.",
    ];

    /// <inheritdoc />
    public override IReadOnlyList<string> Legend =>
    [
        "Rows: whether do_swap_page() holds the folio lock, and where it asks folio_test_anon().",
        "Columns: what do_swap_page() takes for exclusive, and which entries it maps together.",
        "*exclusive as the entry*: exclusive if the swap entry says so (15bde4abab73, v6.11).",
        "*always exclusive*: as in the RFC of January 2024, patch 4/6.",
        "*mixed batch*: the same patch: entries of slots in a row are mapped together, whatever their exclusive bits.",
        "*part of a large folio*: one entry is mapped where those of a large folio, not mapped yet, do not all match.",
    ];

    /// <inheritdoc />
    public override IReadOnlyList<string> Finding =>
    [
        "The mails are right in each cell. The folio lock alone is not enough: folio_test_anon() has to be asked under",
        "it. Then the second task sees an anonymous folio, and increments what the first one has stored. What goes",
        "wrong in the other columns does so with the lock held: a first mapping makes claims about each page of the",
        "folio, and about whoever else has an entry for it, and no lock makes them true.",
    ];

    /// <inheritdoc />
    public override string Counts =>
        "laws about the mapcount, the anon_vma and the exclusive marker, but not that the first mapper has the lock";

    /// <inheritdoc />
    public override IReadOnlyList<Cell> Cells { get; } =
    [
        .. Rows.SelectMany(row => Columns.Select(column => new Cell(
            row.Name, column.Name, [.. row.Variants, .. column.Variants],
            row.Said == Conclusion.Safe ? column.Said : row.Said)
        {
            Programs = Programs,
        })),
    ];

    /// <inheritdoc />
    public override bool Matches(Violation violation) =>
        Oracles.Contains(violation.Signature.Oracle)
        && !violation.Signature.Law.Contains("has no lock", StringComparison.Ordinal);
}
