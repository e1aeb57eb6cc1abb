using Mm.State;

namespace Fuzz.Oracles;

/// <summary>
/// A page that a device has pinned stays mapped, exclusive, where it was pinned, until that address is zapped.
/// </summary>
/// <remarks>
/// E6 and E7 of gup: reclaim, migration and fork leave pinned exclusive pages alone. Judged while the page table is
/// unlocked. Else device and process see different pages: no message but that of unpinning,
/// <c>VM_WARN_ON_ONCE_PAGE(!PageAnonExclusive)</c>.
/// </remarks>
public readonly struct PinnedPageOracle : ISettledOracle<Folio>
{
    /// <inheritdoc />
    public string Name => "pinned-page";

    /// <inheritdoc />
    public bool IsSettled(Kernel kernel, Folio subject)
    {
        foreach (Pin pin in kernel.Pins)
        {
            if (pin.Folio == subject && pin.TruthAttached && pin.Mm.TablesLocked)
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc />
    public bool Holds(Kernel kernel, Folio subject) =>
        subject.TruthHolders(Holder.Pin) == 0 || FindBroken(kernel, subject) is null;

    /// <inheritdoc />
    public void Tell(Kernel kernel, Folio subject, IJudge judge)
    {
        Pin pin = FindBroken(kernel, subject)!;
        string values =
            $"{subject} is pinned through {pin.Mm} page {pin.Page}, whose entry is: {pin.Mm.Entry(pin.Page)}";
        if (IsMapped(pin))
        {
            judge.Broken(
                this, "pinned page is not exclusive", values, "VM_WARN_ON_ONCE_PAGE(!PageAnonExclusive(page))");
        }
        else
        {
            judge.Broken(this, "pinned page was replaced", values);
        }
    }

    private static Pin? FindBroken(Kernel kernel, Folio folio)
    {
        foreach (Pin pin in kernel.Pins)
        {
            bool attached = pin.Folio == folio && pin.TruthAttached;
            if (attached && !(IsMapped(pin) && IsExclusive(pin)))
            {
                return pin;
            }
        }

        return null;
    }

    private static bool IsMapped(Pin pin)
    {
        Pte pte = pin.Mm.Entry(pin.Page);
        return pte.IsPresent && pte.Target == pin.Frame!.Pfn;
    }

    /// <summary>By its own mark, or that of the folio whose first page speaks for all while a PMD entry maps
    /// it.</summary>
    private static bool IsExclusive(Pin pin)
    {
        Page marked = pin.Mm.Table(pin.Page).Pmd.IsLeaf ? pin.Folio! : pin.Frame!;
        return marked.Has(PageFlag.AnonExclusive);
    }
}
