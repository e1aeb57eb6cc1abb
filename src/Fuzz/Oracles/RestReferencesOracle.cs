using Mm.State;

namespace Fuzz.Oracles;

/// <summary>
/// At rest only page tables, the swap cache, batches and devices hold folios, each as often as it names them.
/// </summary>
/// <remarks>
/// E3 without anybody passing by: a lookup, isolation or gather that still holds a folio was forgotten. No message.
/// </remarks>
public sealed class RestReferencesOracle : IWorldOracle
{
    private const string BatchLaw = "batch references and batches differ";
    private const string PinLaw = "pin references and pins differ";

    /// <inheritdoc />
    public string Name => "rest-references";

    /// <inheritdoc />
    public void Check(Kernel kernel, Seen seen, IJudge judge)
    {
        foreach (int pfn in seen.Folios)
        {
            Folio folio = kernel.Folios[pfn];
            if (!folio.Free && folio.Refcount > 0)
            {
                CheckFolio(kernel, folio, judge);
            }
        }

        CheckNamed(kernel, judge);
    }

    private static int Passing(Folio folio) =>
        folio.TruthHolders(Holder.Allocation) | folio.TruthHolders(Holder.Isolation)
        | folio.TruthHolders(Holder.Lookup) | folio.TruthHolders(Holder.Gather);

    private static int InBatches(Kernel kernel, Folio folio)
    {
        int count = 0;
        foreach (LruBatch batch in kernel.Lruvec.Batches)
        {
            foreach (Folio waiting in batch.Folios)
            {
                count += waiting == folio ? 1 : 0;
            }
        }

        return count;
    }

    private static int Pins(Kernel kernel, Folio folio)
    {
        int count = 0;
        foreach (Pin pin in kernel.Pins)
        {
            count += pin.Folio == folio ? 1 : 0;
        }

        return count;
    }

    /// <summary>The other way round: what batches and pins name is held for them.</summary>
    private void CheckNamed(Kernel kernel, IJudge judge)
    {
        foreach (LruBatch batch in kernel.Lruvec.Batches)
        {
            foreach (Folio folio in batch.Folios)
            {
                if (folio.TruthHolders(Holder.LruBatch) == 0)
                {
                    judge.Broken(this, BatchLaw, $"{folio}: in a batch, held: {RefcountOracle.Describe(folio)}");
                }
            }
        }

        foreach (Pin pin in kernel.Pins)
        {
            if (pin.Folio is { } folio && folio.TruthHolders(Holder.Pin) == 0)
            {
                judge.Broken(this, PinLaw, $"{folio}: pinned, held: {RefcountOracle.Describe(folio)}");
            }
        }
    }

    private void CheckFolio(Kernel kernel, Folio folio, IJudge judge)
    {
        if (Passing(folio) != 0)
        {
            judge.Broken(
                this, "passing reference was never dropped", $"{folio}: held: {RefcountOracle.Describe(folio)}");
        }

        int mappings = folio.TruthHolders(Holder.Mapping);
        if (mappings != folio.TruthPtes || folio.Mapcount != folio.TruthPtes)
        {
            judge.Broken(
                this, "mapping references, mapcount and entries differ",
                $"{folio}: {mappings} references, mapcount {folio.Mapcount}, {folio.TruthPtes} entries",
                "BUG: Bad page state, page dumped because: nonzero mapcount");
        }

        if (folio.TruthMigrationPtes != 0)
        {
            judge.Broken(
                this, "migration entry was left", $"{folio}: {folio.TruthMigrationPtes} migration entries",
                "INFO: task blocked for more than 120 seconds.");
        }

        if (folio.TruthHolders(Holder.LruBatch) != 0 && folio.TruthHolders(Holder.LruBatch) != InBatches(kernel, folio))
        {
            judge.Broken(
                this, BatchLaw,
                $"{folio}: in {InBatches(kernel, folio)} batches, held: {RefcountOracle.Describe(folio)}");
        }

        if (folio.TruthHolders(Holder.Pin) != 0 && folio.TruthHolders(Holder.Pin) != Pins(kernel, folio))
        {
            judge.Broken(
                this, PinLaw,
                $"{folio}: {Pins(kernel, folio)} pins, held: {RefcountOracle.Describe(folio)}");
        }
    }
}
