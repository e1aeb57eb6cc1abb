using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>deferred_split_scan() without a local list that also keeps the folios whose lock somebody else
/// has.</summary>
[Variant(
    "batch-scan-requeue",
    Subject = "deferred_split_scan() queues a folio again when folio_trylock() fails",
    Origin = "v7.1: \"mm: fix deferred split queue races during migration\"",
    Fix = "nothing is known to be wrong with it",
    IsFix = true,
    Symptom = "none")]
public sealed class BatchScanRequeue : BatchScan
{
    /// <inheritdoc />
    protected override async Flow Treat(Cpu cpu, Folio folio)
    {
        if (await Wanted(cpu, folio))
        {
            if (!await R.Locking.TryLock(cpu, folio))
            {
                await Requeue(cpu, folio);
                return;
            }

            bool split = await R.Split.SplitFolio(cpu, folio, null);
            await R.Locking.Unlock(cpu, folio);
            if (split)
            {
                return;
            }
        }

        await cpu.At(TestAgain, folio.PageAt(1).FlagsWord);
        if (folio.PartiallyMapped)
        {
            await Requeue(cpu, folio);
        }
    }
}
