using Mm.State;

namespace Fuzz.Oracles;

/// <summary>At rest each memcg counts what is charged to it: pages, swap slots, mapped pages.</summary>
/// <remarks>
/// B5, and the charges. Every mapped folio and every slot in use is charged to somebody. The kernel sees a page counter
/// below 0; statistics that are wrong it does not see. Of large folios v6.18 itself lets the mapped pages drift, where
/// a page is unmapped by one process while another one's PMD mapping goes; that much is allowed for, and no more.
/// </remarks>
public sealed class RestMemcgOracle : IWorldOracle
{
    /// <inheritdoc />
    public string Name => "rest-memcg";

    /// <inheritdoc />
    public void Check(Kernel kernel, Seen seen, IJudge judge)
    {
        CheckCharged(kernel, seen, judge);
        foreach (Memcg memcg in kernel.Memcgs.All)
        {
            (int anon, int file) = Mapped(kernel, seen, memcg);
            Compare(memcg, "NR_ANON_MAPPED", memcg.AnonMapped, anon + memcg.TruthClamped, judge);
            Compare(memcg, "NR_FILE_MAPPED", memcg.FileMapped, file, judge);
            Compare(memcg, "memory.current", memcg.Usage, memcg.TruthCharged, judge, "page_counter underflow");
            Compare(
                memcg, "memory.swap.current", memcg.SwapUsage, Slots(kernel, memcg), judge, "page_counter underflow");
            if (memcg.MovingAccount != 0)
            {
                judge.Broken(
                    this, "charges are being moved for ever", $"{memcg}: moving_account {memcg.MovingAccount}");
            }
        }
    }

    private void CheckCharged(Kernel kernel, Seen seen, IJudge judge)
    {
        foreach (int pfn in seen.Folios)
        {
            Folio folio = kernel.Folios[pfn];
            if (!folio.Free && !folio.IsTail && folio.Memcg is null && MappedPages(folio) > 0)
            {
                judge.Broken(
                    this, "mapped folio is charged to nobody", $"{folio}: mapcount {folio.Mapcount}",
                    "VM_WARN_ON_ONCE_FOLIO(!memcg && !mem_cgroup_disabled())");
            }
        }

        SwapDevice swap = kernel.Swap;
        for (int slot = 0; slot < swap.Slots; slot++)
        {
            if (!swap.IsFree(slot) && swap.Record(slot) is null)
            {
                judge.Broken(this, "slot in use is charged to nobody", $"slot {slot}: count {swap.Count(slot)}");
            }
            else if (swap.IsFree(slot) && swap.Record(slot) is { } memcg)
            {
                judge.Broken(
                    this, "free slot is charged", $"slot {slot}: to {memcg}", "VM_BUG_ON(old != 0)");
            }
        }
    }

    private void Compare(Memcg memcg, string counter, int counted, int there, IJudge judge, string? message = null)
    {
        if (counted != there)
        {
            judge.Broken(
                this, $"{counter} is not what is there", $"{memcg}: {counter} {counted}, there are {there}",
                counted < there ? message : null);
        }
    }

    private static (int Anon, int File) Mapped(Kernel kernel, Seen seen, Memcg memcg)
    {
        int anon = 0;
        int file = 0;
        foreach (int pfn in seen.Folios)
        {
            Folio folio = kernel.Folios[pfn];
            if (folio.Free || folio.IsTail || folio.Memcg != memcg)
            {
                continue;
            }

            anon += folio.Anon ? MappedPages(folio) : 0;
            file += folio.Anon ? 0 : MappedPages(folio);
        }

        return (anon, file);
    }

    private static int MappedPages(Folio folio)
    {
        if (folio.TruthPmds > 0)
        {
            return folio.PageCount;
        }

        int pages = 0;
        for (int number = 0; number < folio.PageCount; number++)
        {
            pages += folio.PageAt(number).TruthPtes > 0 ? 1 : 0;
        }

        return pages;
    }

    private static int Slots(Kernel kernel, Memcg memcg)
    {
        int slots = 0;
        for (int slot = 0; slot < kernel.Swap.Slots; slot++)
        {
            Memcg? charged = kernel.Swap.Record(slot);
            slots += charged is not null && (charged == memcg || charged.Parent == memcg) ? 1 : 0;
        }

        return slots;
    }
}
