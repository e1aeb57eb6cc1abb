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
        subject.TruthMigrationPtes == 0
        || (subject.Has(PageFlag.Locked) && (subject.Refcount >= 1 || Freezing.IsFrozen(subject)));

    /// <inheritdoc />
    public void Tell(Kernel kernel, Folio subject, IJudge judge)
    {
        string values = $"{subject}: {subject.TruthMigrationPtes} migration entries, refcount {subject.Refcount}";
        if (!subject.Has(PageFlag.Locked))
        {
            judge.Broken(
                this, "migration entry of an unlocked folio", values, "kernel BUG: BUG_ON(!folio_test_locked(folio))");
        }
        else
        {
            judge.Broken(this, "migration entry of a folio without references", values);
        }
    }
}
