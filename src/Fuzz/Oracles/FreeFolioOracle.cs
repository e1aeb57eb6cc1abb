using Mm.State;

namespace Fuzz.Oracles;

/// <summary>A free page frame is out of use: no entry, no translation, no list, no swap table word, no count, no
/// charge, no mark of a large folio.</summary>
/// <remarks>
/// E5, A6, A7. The kernel checks some of it as it frees (<c>BUG: Bad page state</c>); an entry, a translation or a
/// table word that still names the frame it does not see.
/// </remarks>
public readonly struct FreeFolioOracle : IOracle<Folio>
{
    /// <inheritdoc />
    public string Name => "free-folio";

    /// <inheritdoc />
    public bool Holds(Kernel kernel, Folio subject) =>
        !subject.Free
        || ((subject.TruthPtes | subject.TruthMigrationPtes | subject.TruthTlbEntries | subject.Refcount
            | subject.Mapcount | subject.TruthPmds | subject.TruthMigrationPmds | subject.TruthInvalidPmds) == 0
            && subject.On is null && subject.Memcg is null && subject.TruthTableWords == 0
            && !subject.Has(PageFlag.PartiallyMapped));

    /// <inheritdoc />
    public void Tell(Kernel kernel, Folio subject, IJudge judge)
    {
        int entries = subject.TruthPtes + subject.TruthPmds + subject.TruthInvalidPmds;
        if (entries != 0)
        {
            judge.Broken(
                this, "free folio is mapped", $"{subject}: {entries} page table entries",
                "BUG: Bad page map");
        }

        entries = subject.TruthMigrationPtes + subject.TruthMigrationPmds;
        if (entries != 0)
        {
            judge.Broken(
                this, "free folio has migration entries", $"{subject}: {entries} migration entries");
        }

        if (subject.TruthTlbEntries != 0)
        {
            judge.Broken(
                this, "free folio is in a TLB", $"{subject}: {subject.TruthTlbEntries} translations are cached");
        }

        if (subject.On is not null)
        {
            judge.Broken(
                this, "free folio is on a list", $"{subject}: on the {subject.On} list", "list_del corruption");
        }

        if (subject.Memcg is not null)
        {
            judge.Broken(
                this, "free folio is charged", $"{subject}: charged to {subject.Memcg}",
                "BUG: Bad page state, page dumped because: page still charged to cgroup");
        }

        if (subject.Has(PageFlag.PartiallyMapped))
        {
            judge.Broken(
                this, "free page is marked as part of a partially mapped folio", $"{subject}: {subject.Flags}",
                "BUG: Bad page state, page dumped because: PAGE_FLAGS_CHECK_AT_PREP flag(s) set");
        }

        int slot = SlotOf(kernel, subject);
        if (slot >= 0)
        {
            judge.Broken(
                this, "free folio is in the swap cache", $"{subject}: the swap table names it for slot {slot}");
        }

        if (subject.Mapcount != 0 || subject.Refcount != 0)
        {
            judge.Broken(
                this, "free folio is counted", $"{subject}: mapcount {subject.Mapcount}, refcount {subject.Refcount}",
                "BUG: Bad page state");
        }
    }

    private static int SlotOf(Kernel kernel, Folio folio)
    {
        for (int slot = 0; slot < kernel.Swap.Slots; slot++)
        {
            if (kernel.Swap.Cached(slot) == folio)
            {
                return slot;
            }
        }

        return -1;
    }
}
