using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>change_pte_range() that changes present entries only.</summary>
[Variant(
    "mprotect-leaves-migrations",
    Subject = "writable migration entries stay writable in mprotect",
    Origin = "hypothetical: what make_readable_exclusive_migration_entry() in change_pte_range() is for",
    Fix = "writable migration entries become readable ones: as every kernel has it",
    Symptom = "stores go through although mprotect has forbidden them")]
public sealed class MprotectLeavesMigrations : Mprotect
{
    /// <inheritdoc />
    protected override Flow ChangeMigration(Cpu cpu, MmStruct mm, int page, Pte pte) => Flow.Done;
}
