using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>do_swap_page() that asks folio_test_anon() before it has the folio lock, and trusts the answer
/// after.</summary>
[Variant(
    "anon-test-before-lock",
    Subject = "do_swap_page() tests folio_test_anon() before it takes the folio lock",
    Origin = "asked in January 2024: the !anon result might be stale",
    Fix = "test under the folio lock: as every kernel has it",
    Symptom = "mapcount 1 with two mappings, then Bad page map")]
public sealed class AnonTestBeforeLock : SwapIn
{
    private static readonly Point EarlyTest = Points.Define("SwapinTestAnonEarly", "do_swap_page", Access.Read);

    private readonly bool[] anon = new bool[Kernel.CpusMax];

    /// <inheritdoc />
    protected override async Flow<FaultResult> LockFolio(Cpu cpu, FaultContext fault, Folio folio)
    {
        await cpu.At(EarlyTest, folio.MappingWord);
        anon[cpu.Index] = folio.Anon;
        return await base.LockFolio(cpu, fault, folio);
    }

    /// <inheritdoc />
    protected override async Flow<bool> IsAnon(Cpu cpu, Folio folio)
    {
        await cpu.At(TestAnon, folio.MappingWord);
        return anon[cpu.Index];
    }
}
