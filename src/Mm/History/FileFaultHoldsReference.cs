using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>do_read_fault() and do_shared_fault() that keep a reference of their own until the folio is
/// unlocked.</summary>
[Variant(
    "file-fault-holds-reference",
    Subject = "mm/memory: hold a reference to the folio until its waiters are woken",
    Origin = "a proposal, after folio_end_writeback(), which does so since 073861ed77b6 (v5.10)",
    Fix = "is one: the mapping takes over the fault's reference, and may be gone when folio_unlock() comes to wake",
    IsFix = true,
    Symptom = "without it: folio_wake_bit() clears PG_waiters in whatever has become of the page")]
public sealed class FileFaultHoldsReference : FileFault
{
    private static readonly Point HoldPage = Points.Define("FileFaultGet", "do_read_fault", Access.Rmw);

    /// <inheritdoc />
    protected override async Flow UnlockMapped(Cpu cpu, Folio folio)
    {
        await cpu.At(HoldPage, folio.RefcountWord);
        folio.Get(Holder.Lookup);
        await R.Locking.Unlock(cpu, folio);
        await R.Free.Put(cpu, folio, Holder.Lookup);
    }
}
