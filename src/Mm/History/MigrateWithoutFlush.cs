using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>try_to_migrate_one() that neither flushes nor leaves the flush to its caller.</summary>
[Variant(
    "migrate-without-flush",
    Subject = "try_to_migrate_one() uses ptep_get_and_clear() in place of ptep_clear_flush()",
    Origin = "hypothetical: what the flush before the copy is for",
    Fix = "never was wrong",
    Symptom = "stores to the old page after it was copied are lost; its frame is freed while in use")]
public sealed class MigrateWithoutFlush : Migrate
{
    /// <inheritdoc />
    protected override Flow FlushMigrated(Cpu cpu, MmStruct mm, int page, Pte cleared) => Flow.Done;
}
