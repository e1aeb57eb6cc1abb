using System.Text;
using Fuzz.Execution;
using Mm.State;

namespace Fuzz.Cli;

/// <summary>The state in which an execution ended: page tables, folios in use, swap slots, LRU lists.</summary>
internal static class KernelState
{
    public static string Describe(MmEngine engine)
    {
        Kernel kernel = engine.Kernel;
        StringBuilder text = new();
        text.Append("  state in the end\n");
        for (int i = 0; i < kernel.MmCount; i++)
        {
            MmStruct mm = kernel.Mms[i];
            IEnumerable<string> entries = Enumerable.Range(0, kernel.PageCount).Select(page => $"p{page} {mm[page]}");
            text.Append($"  {mm,-10} {(mm.Alive ? $"{mm.Users} users" : "gone")}; {string.Join("; ", entries)}\n");
        }

        int inUse = 0;
        foreach (Folio folio in kernel.Folios.Where(folio => !folio.Free))
        {
            inUse++;
            string slot = folio.SwapSlot < 0 ? "" : $", slot {folio.SwapSlot}";
            string owner = folio.LockOwner is { } cpu ? $" locked by {cpu}" : "";
            text.Append($"  {folio,-10} refcount {folio.Refcount}, mapcount {folio.Mapcount}, data {folio.Data}");
            text.Append($"{slot}, ");
            text.Append($"{(folio.Anon ? $"{folio.Mapping}" : "no mapping")}, {folio.Flags}{owner}, ");
            text.Append($"on {(folio.On is null ? "no list" : folio.On.ToString())}\n");
        }

        if (inUse == 0)
        {
            text.Append("  no folio is in use\n");
        }

        for (int slot = 0; slot < kernel.Swap.Slots; slot++)
        {
            string cached = kernel.Swap.Cached(slot) is { } folio ? $", holds {folio}" : "";
            string cache = kernel.Swap.HasCache(slot) ? $", SWAP_HAS_CACHE{cached}" : cached;
            text.Append($"  slot {slot,-5} count {kernel.Swap.Count(slot)}, data {kernel.Swap.Data[slot]}{cache}\n");
        }

        return text.ToString();
    }
}
