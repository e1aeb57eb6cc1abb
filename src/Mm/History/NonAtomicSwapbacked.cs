using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>__folio_set_swapbacked() without looking first: a plain load and store of a flags word that others
/// change.</summary>
[Variant(
    "non-atomic-swapbacked",
    Subject = "folio_add_new_anon_rmap() sets PG_swapbacked non-atomically on swap cache folios",
    Origin = "mm-unstable, June 2024: \"mm: use folio_add_new_anon_rmap() if folio_test_anon(folio)==false\", v2",
    Fix = "\"mm: folio_add_new_anon_rmap() careful __folio_set_swapbacked()\", squashed into 9ae2feacedde",
    Symptom = "assorted Bad page states and VM_BUG_ONs under compaction with swapping; never in a release")]
public sealed class NonAtomicSwapbacked : AnonRmapNew
{
    /// <inheritdoc />
    protected override async Flow SetSwapbacked(Cpu cpu, Folio folio)
    {
        await cpu.At(ReadFlags, folio.FlagsWord);
        await StoreSwapbacked(cpu, folio);
    }
}
