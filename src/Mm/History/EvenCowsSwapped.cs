using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>Callers of unmap_mapping_range() that pass the other even_cows.</summary>
[Variant(
    "even-cows-swapped",
    Subject = "truncation spares private copies, hole punching and invalidation take them",
    Origin = "hypothetical: what the argument even_cows is for",
    Fix = "a truncation passes 1, everything else 0: as every kernel has it",
    Symptom = "private copies survive a truncation, and are lost to a hole punch")]
public sealed class EvenCowsSwapped : UnmapMapping
{
    private static readonly ZapDetails Copies = new(true, true) { TruthTakesCopies = false };

    /// <inheritdoc />
    public override async Flow Range(Cpu cpu, Inode file, int start, int end, bool evenCows)
    {
        await file.MmapRwsem.AcquireRead(cpu, RangeLock);
        await ZapVmas(cpu, file, start, end, evenCows ? ZapDetails.FilePages : Copies);
        file.MmapRwsem.ReleaseRead(cpu);
    }
}
