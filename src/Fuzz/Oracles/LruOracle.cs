using Mm.State;

namespace Fuzz.Oracles;

/// <summary>
/// PG_lru is set exactly while the folio is linked on an LRU list, unless one owner is taking it off.
/// </summary>
/// <remarks>
/// E6, L10, A15, B8, judged while the lruvec lock is free. Isolation clears PG_lru before it takes that lock, so a
/// linked folio without the flag is in order while somebody holds it for that (an isolation, a batch, a lookup), or has
/// looked it up under a page table lock. A folio whose last reference is gone is being unlinked. The kernel sees it as
/// list corruption or a bad page.
/// </remarks>
public readonly struct LruOracle : ISettledOracle<Folio>
{
    /// <inheritdoc />
    public string Name => "lru";

    /// <inheritdoc />
    public bool IsSettled(Kernel kernel, Folio subject) =>
        kernel.Lruvec.Lock.Holder is null && (subject.Has(PageFlag.Lru) || PageTables.AreQuiet(kernel));

    /// <inheritdoc />
    public bool Holds(Kernel kernel, Folio subject)
    {
        bool linked = IsListed(subject);
        return linked == subject.Has(PageFlag.Lru) || subject.Refcount <= 0 || (linked && HasOwner(subject));
    }

    /// <inheritdoc />
    public void Tell(Kernel kernel, Folio subject, IJudge judge)
    {
        string where = IsUnlinked(subject) ? "unevictable"
            : subject.On is null ? "on no list" : $"on the {subject.On} list";
        string values = $"{subject}: {where}, flags {subject.Flags}";
        if (subject.Has(PageFlag.Lru))
        {
            judge.Broken(this, "PG_lru on an unlinked folio", values, "VM_BUG_ON_FOLIO(folio_test_lru(folio))");
        }
        else
        {
            judge.Broken(this, "linked folio without PG_lru and owner", values, "list_del corruption");
        }
    }

    /// <summary>On an LRU list, or on that of unevictable folios, which has no links.</summary>
    internal static bool IsListed(Folio folio) => folio.On is { IsLru: true } || IsUnlinked(folio);

    private static bool IsUnlinked(Folio folio) =>
        folio.On is null && folio.Has(PageFlag.Lru | PageFlag.Unevictable);

    private static bool HasOwner(Folio folio) =>
        folio.TruthHolders(Holder.Isolation) > 0
        || folio.TruthHolders(Holder.Lookup) > 0
        || folio.TruthHolders(Holder.LruBatch) > 0
        || folio.TruthHolders(Holder.Poison) > 0;
}
