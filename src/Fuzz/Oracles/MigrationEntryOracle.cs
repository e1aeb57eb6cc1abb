using Mm.State;

namespace Fuzz.Oracles;

/// <summary>A folio that a migration entry names is locked, and alive or frozen by whoever locked it.</summary>
/// <remarks>
/// E4, A13. The entry holds no reference: the migrating task's keeps the folio. A reader of the entry dies of
/// <c>BUG_ON(!folio_test_locked(folio))</c> in pfn_swap_entry_folio.
/// </remarks>
public readonly struct MigrationEntryOracle : IOracle<Folio>
{
    /// <inheritdoc />
    public string Name => "migration-entry";

    /// <inheritdoc />
    public bool Holds(Kernel kernel, Folio subject) =>
        (subject.TruthMigrationPtes | subject.TruthMigrationPmds) == 0 || IsKept(subject.Head);

    /// <inheritdoc />
    public void Tell(Kernel kernel, Folio subject, IJudge judge)
    {
        int entries = subject.TruthMigrationPtes + subject.TruthMigrationPmds;
        string values = $"{subject}: {entries} migration entries, refcount {subject.Head.Refcount}";
        if (!subject.Head.Has(PageFlag.Locked))
        {
            judge.Broken(
                this, "migration entry of an unlocked folio", values, "kernel BUG: BUG_ON(!folio_test_locked(folio))");
        }
        else
        {
            judge.Broken(this, "migration entry of a folio without references", values);
        }
    }

    private static bool IsKept(Folio folio) =>
        folio.Has(PageFlag.Locked) && (folio.Refcount >= 1 || Freezing.IsFrozen(folio));
}
