using Mm.State;

namespace Fuzz.Oracles;

/// <summary>A large folio that says it is not shared is mapped by one process only.</summary>
/// <remarks>
/// The shared bit is set before the second process' first entry, and cleared after its last one; it may be set in vain.
/// Copy on write is spared where it is clear: without it, one process writes what another one reads. No message.
/// </remarks>
public readonly struct MmIdsOracle : IOracle<Folio>
{
    /// <inheritdoc />
    public string Name => "mm-ids";

    /// <inheritdoc />
    public bool Holds(Kernel kernel, Folio subject) => subject.Large.Shared || Processes(subject) <= 1;

    /// <inheritdoc />
    public void Tell(Kernel kernel, Folio subject, IJudge judge) =>
        judge.Broken(
            this, "large folio of several processes is not shared",
            $"{subject}: {Processes(subject)} processes map it, slots {Describe(subject.Large)}");

    private static int Processes(Folio folio)
    {
        int count = 0;
        foreach (int mappings in folio.Large.TruthByMm)
        {
            count += mappings > 0 ? 1 : 0;
        }

        return count;
    }

    private static string Describe(LargeCounts large) =>
        $"{large.MmId(0)}: {large.MmMapcount(0) + 1}, {large.MmId(1)}: {large.MmMapcount(1) + 1}";
}
