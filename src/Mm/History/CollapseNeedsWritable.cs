using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>hpage_collapse_scan_pmd() and __collapse_huge_page_isolate() that answer SCAN_PAGE_RO.</summary>
[Variant(
    "collapse-needs-writable",
    Subject = "a range without a writable entry is not collapsed",
    Origin = "10359213d05a (v4.0), until v6.17",
    Fix = "nothing was wrong; \"mm: enable khugepaged anonymous collapse on non-writable regions\" (v6.18)",
    IsHarmless = true,
    Symptom = "none: MADV_COLLAPSE of read-only or shared memory answers EINVAL")]
public sealed class CollapseNeedsWritable : Collapse
{
    /// <inheritdoc />
    protected override async Flow<int> ScanEntries(Cpu cpu, MmStruct mm, PageTable table)
    {
        int unmapped = await base.ScanEntries(cpu, mm, table);
        return HasWritable(mm, table) ? unmapped : Refused;
    }

    /// <summary>The kernel asks after it has isolated all, and releases them: under one hold of the ptl.</summary>
    protected override Flow<bool> Isolate(Cpu cpu, MmStruct mm, PageTable table) =>
        HasWritable(mm, table) ? base.Isolate(cpu, mm, table) : Flow.Of(false);

    private static bool HasWritable(MmStruct mm, PageTable table)
    {
        bool found = false;
        for (int page = table.Start; page < table.End; page++)
        {
            found |= mm[page] is { IsPresent: true, Writable: true };
        }

        return found;
    }
}
