using Interleave;
using Mm.Routines;

namespace Mm.History;

/// <summary>Migration that queues the new folio for a deferred split only when page tables map it again, and others may
/// unmap a part of it.</summary>
[Variant(
    "requeue-mapped-folio",
    Subject = "migrate_folio_move() queues the new folio after remove_migration_ptes()",
    Origin = "8a8ca142a488 \"mm: migrate: requeue destination folio on deferred split queue\" (v7.1)",
    Fix = "\"mm: fix deferred split queue races during migration\" (v7.1)",
    Symptom = "VM_WARN_ON_FOLIO(folio_test_partially_mapped(folio)) in deferred_split_folio(), by syzbot")]
public sealed class RequeueMappedFolio : RequeueMigrated
{
    /// <inheritdoc />
    protected override async Flow MapTarget(Cpu cpu, Migration migration)
    {
        await RemoveMigrationPtes(cpu, migration.Source, migration.Target);
        await Requeue(cpu, migration.Target);
    }
}
