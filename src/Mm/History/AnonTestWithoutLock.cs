using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>do_swap_page() that neither takes the folio lock nor asks folio_test_anon() again after the
/// lookup.</summary>
[Variant(
    "anon-test-without-lock",
    Subject = "do_swap_page() tests folio_test_anon() when it has found the folio, and takes no folio lock",
    Origin = "the worst of what was asked in January 2024: a stale !anon, and nobody who keeps others out",
    Fix = "both under folio_lock_or_retry(): as every kernel has it",
    Symptom = "mapcount 1 with two mappings, then Bad page map")]
public sealed class AnonTestWithoutLock : SwapIn
{
    private static readonly Point EarlyTest =
        Points.Define("SwapinTestAnonAtLookup", "do_swap_page", Access.Read);

    private readonly bool[] anon = new bool[Kernel.CpusMax];

    /// <inheritdoc />
    protected override async Flow<FaultResult> LockFolio(Cpu cpu, FaultContext fault, Folio folio)
    {
        while (folio.Has(PageFlag.Locked) && !folio.Has(PageFlag.Uptodate))
        {
            await R.Locking.WaitClear(cpu, folio, PageFlag.Locked);
        }

        await cpu.At(EarlyTest, folio.MappingWord);
        anon[cpu.Index] = folio.Anon;
        return FaultResult.Done;
    }

    /// <inheritdoc />
    protected override Flow UnlockFolio(Cpu cpu, Folio folio) => Flow.Done;

    /// <inheritdoc />
    protected override async Flow<bool> IsAnon(Cpu cpu, Folio folio)
    {
        await cpu.At(TestAnon, folio.MappingWord);
        return anon[cpu.Index];
    }
}
