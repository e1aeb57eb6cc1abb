using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>gup_fast: pinning a page without any lock; and giving a pin back (mm/gup.c, v6.18).</summary>
/// <remarks>The part of <see cref="Gup"/> that looks at page tables while anybody may change them.</remarks>
public abstract class GupFast : Routine
{
    protected static readonly Point SeqBegin = Points.Define("GupFastSeqBegin", "gup_fast", Access.Read);
    protected static readonly Point FastReadPmd = Points.Define("GupFastReadPmd", "gup_fast_pmd_range", Access.Read);
    protected static readonly Point FastReadPte = Points.Define("GupFastReadPte", "gup_fast_pte_range", Access.Read);
    protected static readonly Point FastTryGet = Points.Define("GupFastTryGet", "try_grab_folio_fast", Access.Rmw);
    protected static readonly Point FastAddBias = Points.Define("GupFastAddBias", "try_grab_folio_fast", Access.Rmw);
    protected static readonly Point FastRecheck = Points.Define("GupFastRecheckPte", "gup_fast_pte_range", Access.Read);
    protected static readonly Point FastRecheckPmd =
        Points.Define("GupFastRecheckPmd", "gup_fast_pmd_leaf", Access.Read);
    protected static readonly Point FastUnshare =
        Points.Define("GupFastTestExclusive", "gup_must_unshare", Access.Read);
    protected static readonly Point FastTouch = Points.Define("GupFastSetReferenced", "gup_fast_pte_range", Access.Rmw);
    protected static readonly Point SeqRetry = Points.Define("GupFastSeqRetry", "gup_fast", Access.Read);
    protected static readonly Point Sanity = Points.Define("GupSanityCheck", "sanity_check_pinned_pages", Access.Read);
    protected static readonly Point PutCount = Points.Define("GupPutPincount", "gup_put_folio", Access.Rmw);

    /// <summary>Ground truth: the page is found at this address now.</summary>
    protected void TruthPinned(Cpu cpu, MmStruct mm, int page) =>
        K.TruthPinning[cpu.Index] = new PinUnderWay(mm, page, Attached: true);

    /// <summary>gup_fast: no locks; fork in between shows in write_protect_seq. Null: take the slow path.</summary>
    protected virtual async Flow<Page?> PinFast(Cpu cpu, MmStruct mm, int page, bool write)
    {
        await cpu.At(SeqBegin, mm.SeqWord);
        int seq = mm.WriteProtectSeq;
        if ((seq & 1) != 0)
        {
            return null;
        }

        BeginWalk(cpu);
        Page? frame = K.HasHugePmds
            ? await PinFastPmd(cpu, mm, page, write)
            : await PinFastPte(cpu, mm, page, write);
        K.FastWalkers.Leave(cpu);
        if (frame is null)
        {
            return null;
        }

        await cpu.At(SeqRetry, mm.SeqWord);
        if (mm.WriteProtectSeq != seq)
        {
            await PutPin(cpu, frame.Head);
            return null;
        }

        await CheckExclusive(cpu, frame);
        return frame;
    }

    /// <summary>local_irq_save: who sends an IPI to all waits for the walk.</summary>
    protected virtual void BeginWalk(Cpu cpu) => K.FastWalkers.Enter(cpu);

    /// <summary>Whether the PMD entry still points to the page table, now that the page is pinned.</summary>
    protected virtual bool IsLinked(PageTable table) => table.IsTable;

    /// <summary>gup_fast_pmd_range, and gup_fast_pmd_leaf for a PMD entry that maps a folio.</summary>
    protected virtual async Flow<Page?> PinFastPmd(Cpu cpu, MmStruct mm, int page, bool write)
    {
        PageTable table = mm.Table(page);
        await cpu.At(FastReadPmd, table.PmdWord);
        Pmd pmd = table.Pmd;
        if (pmd.Kind == PmdKind.Table)
        {
            return await PinFastPte(cpu, mm, page, write);
        }

        if (pmd.Kind != PmdKind.Huge || (write && !pmd.Writable)
            || await TryGrab(cpu, K.Folios[pmd.Target + page - table.Start]) is not { } frame)
        {
            return null;
        }

        Folio folio = frame.Head;
        await cpu.At(FastRecheckPmd, table.PmdWord);
        TruthPinned(cpu, mm, page);
        if (table.Pmd != pmd || (!pmd.Writable && await FastMustUnshare(cpu, folio, write)))
        {
            await PutPin(cpu, folio);
            return null;
        }

        await cpu.At(FastTouch, folio.FlagsWord);
        folio.Set(PageFlag.Referenced);
        return frame;
    }

    /// <summary>
    /// gup_fast_pte_range: the pin is taken in two atomic steps, then the entry is read again, then
    /// PageAnonExclusive.
    /// </summary>
    protected virtual async Flow<Page?> PinFastPte(Cpu cpu, MmStruct mm, int page, bool write)
    {
        await cpu.At(FastReadPte, mm.PteWord(page));
        Pte pte = mm[page];
        if (!pte.IsPresent || (write && !pte.Writable) || !K.FolioOf(pte).Anon
            || await TryGrab(cpu, K.PageOf(pte)) is not { } frame)
        {
            return null;
        }

        await cpu.At(FastRecheck, mm.PteWord(page));
        TruthPinned(cpu, mm, page);
        if (!IsLinked(mm.Table(page)) || mm[page] != pte || (!pte.Writable && await FastMustUnshare(cpu, frame, write)))
        {
            await PutPin(cpu, frame.Head);
            return null;
        }

        await cpu.At(FastTouch, frame.Head.FlagsWord);
        frame.Head.Set(PageFlag.Referenced);
        return frame;
    }

    /// <summary>try_grab_folio_fast: a reference, if there still is one, then the pin. Null: there is none.</summary>
    protected virtual async Flow<Page?> TryGrab(Cpu cpu, Page frame)
    {
        Folio folio = frame.Head;
        await cpu.At(FastTryGet, folio.RefcountWord);
        while (true)
        {
            if (K.BugOn(folio.Refcount < 0, "WARN_ON_ONCE(folio_ref_count(folio) < 0)", "try_get_folio", folio)
                || !folio.TryGet(Holder.Lookup))
            {
                return null;
            }

            if (frame.Head == folio)
            {
                break;
            }

            // The page has become part of another folio meanwhile.
            await R.Free.Put(cpu, folio, Holder.Lookup);
            folio = frame.Head;
            await cpu.At(FastTryGet, folio.RefcountWord);
        }

        await cpu.At(FastAddBias, folio.PinnedWord);
        folio.ConvertToPin();
        if (folio.IsLarge)
        {
            folio.Large.AddPincount(1);
        }

        return frame;
    }

    /// <summary>
    /// gup_must_unshare without a VMA: whether a read-only page may be shared, so that it must become one's own
    /// first.
    /// </summary>
    protected virtual async Flow<bool> FastMustUnshare(Cpu cpu, Page marked, bool write)
    {
        if (write)
        {
            return false;
        }

        await cpu.At(FastUnshare, marked.FlagsWord);
        return !marked.Head.Anon || !marked.Has(PageFlag.AnonExclusive);
    }

    /// <summary>gup_put_folio: between its two steps a large folio looks unpinned, and has a reference too
    /// many.</summary>
    protected virtual async Flow PutPin(Cpu cpu, Folio folio)
    {
        if (folio.IsLarge)
        {
            await cpu.At(PutCount, folio.Large.PincountWord);
            folio.Large.AddPincount(-1);
        }

        await R.Free.Put(cpu, folio, Holder.Pin);
    }

    /// <summary>sanity_check_pinned_pages: a pinned page stays exclusive for as long as it is pinned. Of a large folio,
    /// nobody knows whether it was pinned through a PMD entry, when the mark is on the first page.</summary>
    protected virtual async Flow CheckExclusive(Cpu cpu, Page frame)
    {
        Folio folio = frame.Head;
        await cpu.At(Sanity, frame.FlagsWord);
        K.BugOn(
            folio.Anon && !frame.Has(PageFlag.AnonExclusive) && !folio.Has(PageFlag.AnonExclusive),
            "VM_WARN_ON_ONCE_PAGE(!PageAnonExclusive(&folio->page))", "sanity_check_pinned_pages", frame);
    }
}
