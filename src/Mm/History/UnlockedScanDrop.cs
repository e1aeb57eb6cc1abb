using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>deferred_split_scan() as "mm: split underused THPs" brought it: folios that turn out to be used are dropped
/// from the local list without the lock, next to others that nobody pins any more.</summary>
[Variant(
    "unlocked-scan-drop",
    Subject = "deferred_split_scan() drops used THPs without split_queue_lock, and puts every folio at once",
    Origin = "dafff3f4c850 \"mm: split underused THPs\" (v6.12-rc1)",
    Fix = "e66f3185fa04 (v6.12), whose own flaw a3477c9e02cc puts right",
    Symptom = "list_del corruptions, Bad page states and worse under load")]
public sealed class UnlockedScanDrop : DeferredSplitScan
{
    private static readonly Point ReadLength = Points.Define("DropReadLength", "deferred_split_scan", Access.Read);
    private static readonly Point WriteLength = Points.Define("DropWriteLength", "deferred_split_scan", Access.Write);

    /// <inheritdoc />
    protected override async Flow<Folio?> After(
        Cpu cpu, DeferredSplitQueue queue, SplitScan scan, Folio folio, bool split)
    {
        if (!split)
        {
            await cpu.At(TestAgain, folio.PageAt(1).FlagsWord);
            if (!folio.PartiallyMapped)
            {
                await R.Lists.DelInit(cpu, folio.DeferredList);
                await cpu.At(ReadLength, queue.LengthWord);
                int length = queue.Length;
                await cpu.At(WriteLength, queue.LengthWord);
                queue.SetLength(length - 1);
            }
        }

        return folio;
    }
}
