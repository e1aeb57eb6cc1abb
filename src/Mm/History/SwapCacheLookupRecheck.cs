using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>
/// swap_cache_get_folio() that looks at the table word again once it has its reference, as filemap_get_entry() does.
/// </summary>
[Variant(
    "swap-cache-lookup-recheck",
    Subject = "swap_cache_get_folio() checks that the slot still names the folio after folio_try_get()",
    Origin = "a fix put beside v6.18, whose lookup returns whatever folio lives in the frame by then",
    Fix = "this is the fix",
    IsFix = true,
    Symptom = "without it: two owners of one folio lock, when a lookup locks a frame that was freed and taken again")]
public sealed class SwapCacheLookupRecheck : SwapCache
{
    private static readonly Point Recheck = Points.Define("SwapCacheRecheck", "swap_cache_get_folio", Access.Read);

    /// <inheritdoc />
    public override async Flow<Folio?> Lookup(Cpu cpu, int slot)
    {
        while (true)
        {
            Folio? folio = await base.Lookup(cpu, slot);
            if (folio is null)
            {
                return null;
            }

            await cpu.At(Recheck, K.Swap.SlotWord(slot));
            if (K.Swap.Cached(slot) == folio)
            {
                return folio;
            }

            await R.Free.Put(cpu, folio, Holder.Lookup);
        }
    }
}
