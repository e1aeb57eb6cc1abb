using Fuzz.Execution;
using Fuzz.Programs;
using Interleave;
using Mm.State;

namespace Conformance;

/// <summary>ksmd on the engine's side: full scans of all memory that is mergeable, in the kernel's order (mm/ksm.c:
/// scan_get_next_rmap_item, v6.18). The engine's call <c>merge</c> is one visit of them (cmp_and_merge_page), and has
/// to be told who waits in the unstable tree.</summary>
/// <remarks>
/// A visit to a page whose checksum is not what it was at the visit before only notes it. Left out, as the guest has
/// them off or does not come to them: skipping (smart_scan), the shared zero page, NUMA, chains.
/// </remarks>
internal sealed class KsmScan
{
    /// <summary>As the agent waits for: the first notes checksums, the second merges, the third merges what was mapped
    /// twice and merged once.</summary>
    private const int Scans = 3;

    private readonly List<Slot> slots = [];
    private readonly List<(MmStruct Mm, int Page)> unstable = [];

    /// <summary>Forgets all: the world is fresh.</summary>
    public void Reset() => slots.Clear();

    /// <summary>Notes, after a call, which processes ksmd has come to know (__ksm_enter), and which are
    /// gone.</summary>
    public void Follow(Kernel kernel)
    {
        slots.RemoveAll(static slot => !slot.Mm.Alive);
        for (int number = 0; number < kernel.MmCount; number++)
        {
            MmStruct mm = kernel.Mms[number];
            if (mm.Alive && mm.Mergeable && HasMergeable(mm) && !slots.Exists(slot => slot.Mm == mm))
            {
                slots.Add(new Slot(mm, []));
            }
        }
    }

    /// <summary>MADV_MERGEABLE of two processes, and then the scans.</summary>
    /// <param name="cpu">Who makes the engine's calls.</param>
    /// <param name="engine">The engine.</param>
    /// <param name="call">The engine's <c>merge</c>: of its pages only the processes count.</param>
    /// <returns>Whether any page was merged.</returns>
    public async Flow<bool> Run(Cpu cpu, MmEngine engine, Call call)
    {
        foreach (MmStruct mm in new[] { engine.Kernel.Mms[call.A], engine.Kernel.Mms[call.C] })
        {
            mm.Mergeable = true;
            Follow(engine.Kernel);
        }

        bool any = false;
        for (int scan = 0; scan < Scans; scan++)
        {
            unstable.Clear();
            slots.RemoveAll(static slot => !HasMergeable(slot.Mm));
            foreach (Slot slot in slots)
            {
                any |= await ScanProcess(cpu, engine, slot);
            }
        }

        return any;
    }

    private static bool HasMergeable(MmStruct mm) => mm.Vmas.Exists(static vma => !vma.Shared);

    /// <summary>The folio that a scan stops at, or null.</summary>
    private static Folio? FolioAt(Kernel kernel, MmStruct mm, int page) =>
        mm.FindVma(page) is { Shared: false, AnonVma: not null }
        && mm.Entry(page) is { IsPresent: true } pte && kernel.FolioOf(pte) is { Anon: true, IsLarge: false } folio
            ? folio : null;

    private async Flow<bool> ScanProcess(Cpu cpu, MmEngine engine, Slot slot)
    {
        bool any = false;
        for (int page = 0; page < engine.Kernel.PageCount; page++)
        {
            if (FolioAt(engine.Kernel, slot.Mm, page) is not { } folio)
            {
                await engine.Kernel.R.Ksm.ForgetAddress(cpu, slot.Mm, page);
                slot.Checksums.Remove(page);
                continue;
            }

            if (folio.StableNode is null && slot.Checksums.GetValueOrDefault(page) != folio.Data)
            {
                slot.Checksums[page] = folio.Data;
                continue;
            }

            any |= await Visit(cpu, engine, slot.Mm, page);
        }

        return any;
    }

    /// <summary>cmp_and_merge_page, from the search of the stable tree on, and unstable_tree_search_insert.</summary>
    private async Flow<bool> Visit(Cpu cpu, MmEngine engine, MmStruct mm, int page)
    {
        Kernel kernel = engine.Kernel;
        Folio folio = FolioAt(kernel, mm, page)!;
        int waiting = unstable.FindIndex(other => FolioAt(kernel, other.Mm, other.Page)?.Data == folio.Data);
        (MmStruct Mm, int Page) other = waiting < 0 ? (mm, page) : unstable[waiting];
        bool merged = await engine.Run(
            cpu, new Call((byte)MmCall.Merge, (byte)mm.Index, (byte)page, (byte)other.Mm.Index, (byte)other.Page));
        if (waiting >= 0 && merged)
        {
            unstable.RemoveAt(waiting);
        }
        else if (waiting < 0 && !merged && !folio.Ksm)
        {
            unstable.Add((mm, page));
        }

        return merged;
    }

    /// <summary>A process on ksmd's list (struct ksm_mm_slot), and the checksums of its items (oldchecksum), by
    /// page.</summary>
    private sealed record Slot(MmStruct Mm, Dictionary<int, int?> Checksums);
}
