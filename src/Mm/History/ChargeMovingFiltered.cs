using Interleave;
using Mm.State;

namespace Mm.History;

/// <summary>Charge moving that leaves alone what is mapped elsewhere, and holds the folio lock against new
/// mappings.</summary>
[Variant(
    "charge-moving-filtered",
    Subject = "charge moving skips a folio that an entry leads to without mapping it while others map it",
    Origin = "4e0cf05f6059 (v6.3), until charge moving went in v6.13",
    Fix = "e548ad4a7cbf (v6.13) \"memcg-v1: fully deprecate move_charge_at_immigrate\"",
    Symptom = "no message: the folio is not mapped any more, but its last unmap has not been counted yet")]
public class ChargeMovingFiltered : TaskChargeMover
{
    private static readonly Point TestMapped = Points.Define("MoveTestMapped", "get_mctgt_type", Access.Read);

    /// <inheritdoc />
    protected override Flow<Folio?> FindUnmapped(Cpu cpu, MmStruct mm, int page, Pte pte) => FindCached(cpu, pte);

    /// <inheritdoc />
    protected override async Flow<Target> Accept(Cpu cpu, Folio folio, bool present)
    {
        if (!await R.Locking.TryLock(cpu, folio))
        {
            return Target.Left;
        }

        if (!present)
        {
            await cpu.At(TestMapped, folio.MapcountWord);
            if (folio.Mapped)
            {
                await R.Locking.Unlock(cpu, folio);
                return Target.Left;
            }
        }

        return Target.TakenLocked;
    }
}
