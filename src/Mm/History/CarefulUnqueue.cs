using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>folio_unqueue_deferred_split() that goes on without the lock only when both links say that the folio is on
/// no list, so that nobody is about to store one of them.</summary>
[Variant(
    "careful-unqueue",
    Subject = "folio_unqueue_deferred_split() uses list_empty_careful()",
    Origin = "a fix put beside v6.18, which looks at next alone while a scanner has still to store prev",
    Fix = "this is the fix",
    IsFix = true,
    Symptom = "without it: a store to the third page of a large folio that has been freed")]
public sealed class CarefulUnqueue : DeferredSplit
{
    private static readonly Point ReadPrev = Points.Define("UnqueueReadPrev", "list_empty_careful", Access.Read);

    /// <inheritdoc />
    protected override async Flow<bool> IsOff(Cpu cpu, Folio folio)
    {
        if (!await R.Lists.IsEmpty(cpu, folio.DeferredList))
        {
            return false;
        }

        await cpu.At(ReadPrev, folio.DeferredList.PrevWord);
        return folio.DeferredList.Prev == folio.DeferredList;
    }
}
