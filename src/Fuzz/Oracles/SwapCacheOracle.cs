using Mm.State;

namespace Fuzz.Oracles;

/// <summary>
/// A folio says that it is in the swap cache exactly when the swap table says so, with a reference for each page.
/// </summary>
/// <remarks>
/// L8, judged while the folio and the cluster are unlocked: after a migration the old folio keeps its flag until it is
/// unlocked. The kernel warns when it adds or deletes, not in between.
/// </remarks>
public readonly struct SwapCacheOracle : ISettledOracle<Folio>
{
    /// <inheritdoc />
    public string Name => "swap-cache";

    /// <inheritdoc />
    public bool IsSettled(Kernel kernel, Folio subject) =>
        !subject.Has(PageFlag.Locked) && kernel.Swap.ClusterLock.Holder is null;

    /// <inheritdoc />
    public bool Holds(Kernel kernel, Folio subject)
    {
        if (subject.Refcount <= 0)
        {
            return true;
        }

        int references = subject.TruthHolders(Holder.SwapCache);
        return subject.Has(PageFlag.Swapcache)
            ? references == subject.PageCount && IsIn(kernel, subject)
            : references == 0;
    }

    /// <inheritdoc />
    public void Tell(Kernel kernel, Folio subject, IJudge judge)
    {
        int references = subject.TruthHolders(Holder.SwapCache);
        string values =
            $"{subject}: slot {subject.SwapSlot}, {references} references of the swap cache, {subject.Flags}";
        if (!subject.Has(PageFlag.Swapcache))
        {
            judge.Broken(this, "swap cache reference without PG_swapcache", values);
        }
        else if (!IsIn(kernel, subject))
        {
            judge.Broken(
                this, "PG_swapcache without the swap table's word", values,
                "WARN_ON_ONCE(swp_tb_to_folio(old_tb) != folio)");
        }
        else
        {
            judge.Broken(this, "swap cache holds not one reference for each page", values);
        }
    }

    private static bool IsIn(Kernel kernel, Folio folio) =>
        folio.SwapSlot >= 0 && folio.SwapSlot + folio.PageCount <= kernel.Swap.Slots
        && IsIn(kernel.Swap, folio, folio.SwapSlot, folio.PageCount);

    private static bool IsIn(SwapDevice swap, Folio folio, int first, int count)
    {
        for (int slot = first; slot < first + count; slot++)
        {
            if (swap.Cached(slot) != folio || !swap.HasCache(slot))
            {
                return false;
            }
        }

        return true;
    }
}
