using Mm.State;

namespace Mm.Routines;

/// <summary>What a zap takes and what it leaves alone, entry by entry (mm/memory.c: should_zap_cows, should_zap_folio
/// and their use in zap_pte_range, v6.18).</summary>
/// <remarks>No steps of its own: the ptl is held, and the entry has been read. Left out: markers, device
/// entries.</remarks>
public class ShouldZap : Routine
{
    /// <summary>Whether an entry goes.</summary>
    public virtual bool Entry(ZapDetails details, Pte pte)
    {
        switch (pte.Kind)
        {
            case PteKind.Present:
                return Mapped(details, K.FolioOf(pte));
            case PteKind.Swap:
                return Swapped(details);
            case PteKind.HwPoison:
                return Poisoned(details);
            case PteKind.Migration:
                K.BugOn(
                    !K.FolioOf(pte).Has(PageFlag.Locked), "BUG_ON(is_migration_entry && !folio_test_locked(folio))",
                    "pfn_swap_entry_folio", K.FolioOf(pte));
                return Migrating(details, K.FolioOf(pte));
            default:
                return true;
        }
    }

    /// <summary>should_zap_folio: a private copy goes only if copies are meant, too.</summary>
    protected virtual bool Mapped(ZapDetails details, Folio folio) => details.EvenCows || !folio.Anon;

    /// <summary>A genuine swap entry: it always stands for a private copy.</summary>
    protected virtual bool Swapped(ZapDetails details) => details.EvenCows;

    /// <summary>The entry of a broken page: a fault on it must fail as long as the copy is meant.</summary>
    protected virtual bool Poisoned(ZapDetails details) => details.EvenCows;

    /// <summary>A migration entry: by what it is that migrates.</summary>
    protected virtual bool Migrating(ZapDetails details, Folio folio) => Mapped(details, folio);
}
