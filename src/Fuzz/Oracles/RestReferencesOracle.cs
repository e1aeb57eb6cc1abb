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
        foreach (LruBatch batch in kernel.Lruvec.AllBatches)
        {
            foreach (Folio waiting in batch.Folios)
            {
                count += waiting == folio ? 1 : 0;
            }
        }

        return count;
    }

    private static int Count(Pin[] pins, Folio folio)
    {
        int count = 0;
        foreach (Pin pin in pins)
        {
            count += pin.Folio == folio ? 1 : 0;
        }

        return count;
    }

    /// <summary>The other way round: what batches and pins name is held for them.</summary>
    private void CheckNamed(Kernel kernel, IJudge judge)
    {
        foreach (LruBatch batch in kernel.Lruvec.AllBatches)
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

    /// <summary>Each page of a large folio counts its entries, the folio those of PMDs and its pins.</summary>
    private void CheckParts(Kernel kernel, Folio folio, IJudge judge)
    {
        for (int number = 0; number < folio.PageCount; number++)
        {
            Page page = folio.PageAt(number);
            if (page.MapcountField + 1 != page.TruthPtes)
            {
                judge.Broken(
                    this, "mapcount of a page and its entries differ",
                    $"{page}: mapcount {page.MapcountField + 1}, {page.TruthPtes} entries",
                    "BUG: Bad page state, page dumped because: nonzero mapcount");
            }
        }

        if (folio.Large.Entire + 1 != folio.TruthPmds)
        {
            judge.Broken(
                this, "entire mapcount and PMD entries differ",
                $"{folio}: entire mapcount {folio.Large.Entire + 1}, {folio.TruthPmds} PMD entries",
                "BUG: Bad page state, page dumped because: nonzero entire_mapcount");
        }

        if (folio.Large.Pincount != Count(kernel.Pins, folio))
        {
            judge.Broken(
                this, "pincount and pins differ",
                $"{folio}: pincount {folio.Large.Pincount}, {Count(kernel.Pins, folio)} pins",
                "BUG: Bad page state, page dumped because: nonzero pincount");
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
        int entries = folio.TruthMappings();
        if (mappings != entries || folio.Mapcount != entries)
        {
            judge.Broken(
                this, "mapping references, mapcount and entries differ",
                $"{folio}: {mappings} references, mapcount {folio.Mapcount}, {entries} entries",
                "BUG: Bad page state, page dumped because: nonzero mapcount");
        }

        if (folio.IsLarge)
        {
            CheckParts(kernel, folio, judge);
        }

        if (folio.TruthMigrationPtes + folio.TruthMigrationPmds != 0)
        {
            judge.Broken(
                this, "migration entry was left",
                $"{folio}: {folio.TruthMigrationPtes + folio.TruthMigrationPmds} migration entries",
                "INFO: task blocked for more than 120 seconds.");
        }

        if (folio.TruthHolders(Holder.LruBatch) != 0 && folio.TruthHolders(Holder.LruBatch) != InBatches(kernel, folio))
        {
            judge.Broken(
                this, BatchLaw,
                $"{folio}: in {InBatches(kernel, folio)} batches, held: {RefcountOracle.Describe(folio)}");
        }

        if (folio.TruthHolders(Holder.Pin) != 0 && folio.TruthHolders(Holder.Pin) != Count(kernel.Pins, folio))
        {
            judge.Broken(
                this, PinLaw,
                $"{folio}: {Count(kernel.Pins, folio)} pins, held: {RefcountOracle.Describe(folio)}");
        }

        if (folio.TruthHolders(Holder.Get) != 0 && folio.TruthHolders(Holder.Get) != Count(kernel.Gets, folio))
        {
            judge.Broken(
                this, "references of pipes and pipes differ",
                $"{folio}: in {Count(kernel.Gets, folio)} pipes, held: {RefcountOracle.Describe(folio)}");
        }
    }
}
