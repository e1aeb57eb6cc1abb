using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>Migration that queues the new folio for a deferred split if the old one was queued, before anybody can map
/// it.</summary>
[Variant(
    "requeue-migrated",
    Subject = "migrate_folio_move() queues the new folio before remove_migration_ptes()",
    Origin = "v7.1: \"mm: fix deferred split queue races during migration\"",
    Fix = "nothing is known to be wrong with it",
    IsFix = true,
    Symptom = "none; without it: migrated folios are never looked at again")]
public class RequeueMigrated : Migrate
{
    private readonly bool[] queued = new bool[Kernel.CpusMax];
    private readonly bool[] partial = new bool[Kernel.CpusMax];

    /// <inheritdoc />
    protected override async Flow<bool> MoveToNewFolio(Cpu cpu, Folio target, Folio source)
    {
        // By now the entries are gone, one after the other: what more than one of them mapped is on the queue.
        queued[cpu.Index] = source.IsLarge && !await R.Lists.IsEmpty(cpu, source.DeferredList);
        partial[cpu.Index] = queued[cpu.Index] && await IsPartiallyMapped(cpu, source);
        return await base.MoveToNewFolio(cpu, target, source);
    }

    /// <inheritdoc />
    protected override async Flow MapTarget(Cpu cpu, Migration migration)
    {
        await Requeue(cpu, migration.Target);
        await base.MapTarget(cpu, migration);
    }

    /// <summary>deferred_split_folio of the new folio.</summary>
    protected async Flow Requeue(Cpu cpu, Folio target)
    {
        if (queued[cpu.Index])
        {
            await R.DeferredSplit.DeferredSplitFolio(cpu, target, partial[cpu.Index]);
        }
    }
}
