using System.Text;
using Fuzz.Execution;
using Interleave;
using Mm.State;

namespace Fuzz.Reporting;

/// <summary>The state that an engine is in, in words: page tables, folios in use, swap slots, locks, TLBs.</summary>
public static class KernelState
{
    private const int NameWidth = 10;

    /// <summary>Every line of the state; none for an engine that nobody has taught to speak.</summary>
    public static IReadOnlyList<StateLine> Of(IEngine engine)
    {
        List<StateLine> lines = [];
        if (engine is MmEngine mm)
        {
            AddCpus(lines, mm.Kernel);
            AddConsole(lines, mm.Kernel);
            AddPageTables(lines, mm.Kernel);
            AddFolios(lines, mm.Kernel);
            AddSlots(lines, mm.Kernel);
            AddFiles(lines, mm.Kernel);
            AddTlbs(lines, mm.Kernel);
            AddProcesses(lines, mm.Kernel);
            AddMemcgs(lines, mm.Kernel);
        }

        return lines;
    }

    /// <summary>The state in which an execution ended, as text; lines end in newlines.</summary>
    public static string Describe(IEngine engine)
    {
        StringBuilder text = new("  state in the end\n");
        IReadOnlyList<StateLine> lines = Of(engine);
        foreach (StateLine line in lines.Where(line => line.Group != StateGroup.Cpus))
        {
            string fields = string.Join(", ", line.Fields.Where(field => field.Value.Length > 0));
            text.Append($"  {line.Name.PadRight(NameWidth)} {fields}\n");
        }

        bool anyFolio = lines.Any(line => line.Group == StateGroup.Folios);
        return text.Append(anyFolio ? "" : "  no folio is in use\n").ToString();
    }

    private static void AddCpus(List<StateLine> lines, Kernel kernel)
    {
        foreach (Cpu cpu in kernel.Machine.Cpus)
        {
            string[] held = cpu.Held.ToArray().OfType<SharedObject>().Select(held => held.Name).ToArray();
            string waits = cpu.Waiting is { } wait && !wait.IsReady(cpu) ? cpu.Target?.Name ?? "" : "";
            lines.Add(new StateLine(StateGroup.Cpus, cpu.Index, $"CPU{cpu.Index}",
            [
                new("next", cpu.Done ? "done" : cpu.Parked.Name),
                new("waits for", waits),
                new("holds", string.Join(", ", held)),
            ]));
        }
    }

    private static void AddConsole(List<StateLine> lines, Kernel kernel)
    {
        for (int i = 0; i < kernel.Console.Count; i++)
        {
            KernelMessage message = kernel.Console[i];
            lines.Add(new StateLine(
                StateGroup.Console, i, "console", [new("", message.Text), new("in", message.Function)]));
        }
    }

    private static void AddPageTables(List<StateLine> lines, Kernel kernel)
    {
        for (int i = 0; i < kernel.MmCount; i++)
        {
            MmStruct mm = kernel.Mms[i];
            for (int page = 0; page < kernel.PageCount; page++)
            {
                int order = i * kernel.PageCount + page;
                if (page == mm.Table(page).Start && mm.Table(page).Pmd is { IsLeaf: true } pmd)
                {
                    lines.Add(new StateLine(
                        StateGroup.PageTables, order, $"{mm} p{page}..", [new("", pmd.ToString())]));
                }

                if (!mm[page].IsNone)
                {
                    lines.Add(new StateLine(
                        StateGroup.PageTables, order, $"{mm} p{page}", [new("", mm[page].ToString())]));
                }
            }
        }
    }

    private static void AddFolios(List<StateLine> lines, Kernel kernel)
    {
        foreach (Folio folio in kernel.UsedFolios)
        {
            if (folio.Free || folio.IsTail)
            {
                continue;
            }

            object? mapping = folio.Mapping ?? (object?)folio.File ?? folio.StableNode;
            lines.Add(new StateLine(StateGroup.Folios, folio.Pfn, folio.ToString(),
            [
                new("refcount", $"{folio.Refcount}"),
                new("mapcount", $"{folio.Mapcount}"),
                new("pages", folio.IsLarge ? $"{folio.PageCount}" : ""),
                new("data", $"{folio.Data}"),
                new("slot", folio.SwapSlot < 0 ? "" : $"{folio.SwapSlot}"),
                new("", mapping?.ToString() ?? (folio.Ksm ? "KSM" : "no mapping")),
                new("flags", folio.Flags == PageFlag.None ? "" : folio.Flags.ToString().Replace(",", "", Exactly)),
                new("locked by", folio.LockOwner is { } cpu ? $"CPU{cpu.Index}" : ""),
                new("on", folio.On?.ToString() ?? ""),
            ]));
        }
    }

    private static void AddSlots(List<StateLine> lines, Kernel kernel)
    {
        for (int slot = 0; slot < kernel.Swap.Slots; slot++)
        {
            lines.Add(new StateLine(StateGroup.Slots, slot, $"slot {slot}",
            [
                new("count", $"{kernel.Swap.Count(slot)}"),
                new("data", $"{kernel.Swap.Data[slot]}"),
                new("", kernel.Swap.HasCache(slot) ? "SWAP_HAS_CACHE" : ""),
                new("holds", kernel.Swap.Cached(slot)?.ToString() ?? ""),
            ]));
        }
    }

    private static void AddFiles(List<StateLine> lines, Kernel kernel)
    {
        for (int number = 0; number < kernel.Files.Count && kernel.Files.Used; number++)
        {
            Inode file = kernel.Files[number];
            for (int index = 0; index < kernel.Files.Pages; index++)
            {
                string entry = file.FolioAt(index)?.ToString()
                    ?? (file.SlotAt(index) >= 0 ? $"slot {file.SlotAt(index)}" : "hole");
                lines.Add(new StateLine(StateGroup.Files, number * Inode.PagesMax + index, $"{file} page {index}",
                [
                    new("", index < file.Size ? "" : "past the end"),
                    new("", entry),
                    new("disk", file.IsShmem ? "" : $"{file.Disk[index]}"),
                ]));
            }
        }
    }

    private static void AddTlbs(List<StateLine> lines, Kernel kernel)
    {
        foreach (Cpu cpu in kernel.Machine.Cpus)
        {
            TlbState tlb = kernel.Tlbs[cpu.Index];
            for (int i = 0; i < kernel.MmCount && !tlb.IsEmpty; i++)
            {
                for (int page = 0; page < kernel.PageCount; page++)
                {
                    if (tlb.Find(kernel.Mms[i], page).Pte is { IsNone: false } pte)
                    {
                        int order = (cpu.Index * kernel.MmCount + i) * kernel.PageCount + page;
                        lines.Add(new StateLine(
                            StateGroup.Tlbs, order, $"CPU{cpu.Index} mm{i} p{page}", [new("", pte.ToString())]));
                    }
                }
            }
        }
    }

    private static void AddProcesses(List<StateLine> lines, Kernel kernel)
    {
        for (int i = 0; i < kernel.MmCount; i++)
        {
            MmStruct mm = kernel.Mms[i];
            lines.Add(new StateLine(StateGroup.Processes, i, $"{mm}",
            [
                new("", mm.Alive ? "" : "gone"),
                new("users", mm.Alive ? $"{mm.Users}" : ""),
                new("anon", Unless0(mm.AnonPages)),
                new("file", Unless0(mm.FilePages)),
                new("shmem", Unless0(mm.ShmemPages)),
                new("swap", Unless0(mm.SwapEntries)),
            ]));
            for (int number = 0; number < mm.Vmas.Count; number++)
            {
                Vma vma = mm.Vmas[number];
                lines.Add(new StateLine(StateGroup.Vmas, vma.Number, $"vma {vma.Number}",
                [
                    new("", $"{mm} p{vma.Start}..p{vma.End - 1}"),
                    new("", vma.Flags == VmaFlag.None ? "" : vma.Flags.ToString().Replace(",", "", Exactly)),
                    new("", vma.File is { } file ? $"{(vma.Shared ? "shared" : "private")} {file}" : ""),
                    new("", vma.AnonVma?.ToString() ?? ""),
                ]));
            }
        }
    }

    private static void AddMemcgs(List<StateLine> lines, Kernel kernel)
    {
        foreach (Memcg memcg in kernel.Memcgs.Matter ? kernel.Memcgs.All : [])
        {
            lines.Add(new StateLine(StateGroup.Memcgs, memcg.Number, $"{memcg}",
            [
                new("", memcg.Online ? "" : "offline"),
                new("charged", $"{memcg.Usage}"),
                new("swap", Unless0(memcg.SwapUsage)),
                new("anon mapped", Unless0(memcg.AnonMapped)),
                new("file mapped", Unless0(memcg.FileMapped)),
            ]));
        }
    }

    private const StringComparison Exactly = StringComparison.Ordinal;

    private static string Unless0(int value) => value == 0 ? "" : $"{value}";
}
