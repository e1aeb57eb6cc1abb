using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>The memory management unit of a cpu, as x86 has it: walks tables, caches what it finds, loads and
/// stores.</summary>
/// <remarks>
/// No kernel code: nothing here parks, <see cref="Fault.UserAccess"/> does. A store through an entry that is clean or
/// read-only walks again, and sets the dirty bit in the table by one atomic operation with the test of its rights: a
/// page whose entry was clean when it was cleared can be stored to no more.
/// </remarks>
public class Mmu : Routine
{
    /// <summary>What the cpu has cached is displaced: a long stay in the kernel needs the room.</summary>
    public void Evict(Cpu cpu)
    {
        TlbState own = K.Tlbs[cpu.Index];
        for (int i = 0; i < K.MmCount && !own.IsEmpty; i++)
        {
            own.Drop(K.Mms[i], 0, K.PageCount);
        }
    }

    /// <summary>Whether the cpu has a translation with the rights that the access takes.</summary>
    public bool Hits(Cpu cpu, MmStruct mm, int page, bool write)
    {
        Pte cached = K.Tlbs[cpu.Index].Find(mm, page).Pte;
        return !cached.IsNone && (!write || (cached.Writable && cached.Dirty));
    }

    /// <summary>Walks the table: sets the accessed bit, for a store the dirty bit too, and caches the entry. One step.
    /// False: a page fault, which drops what was cached.</summary>
    public bool Walk(Cpu cpu, MmStruct mm, int page, bool write)
    {
        TlbState own = K.Tlbs[cpu.Index];
        Pte pte = mm.Entry(page);
        if (pte.Kind is not (PteKind.Present or PteKind.Zero) || (write && !pte.Writable))
        {
            own.Drop(mm, page);
            return false;
        }

        PteFlag accessed = write ? PteFlag.Young | PteFlag.Dirty : PteFlag.Young;
        if (pte.IsPresent && (pte.Flags & accessed) != accessed)
        {
            pte = pte.With(accessed);
            mm.SetAccessed(page, accessed);
        }

        own.Fill(mm, page, pte);
        mm.Tlb.CpuMask |= 1u << cpu.Index;
        return true;
    }

    /// <summary>The word that an access through the cached translation touches.</summary>
    public Word Target(Cpu cpu, MmStruct mm, int page)
    {
        Pte cached = K.Tlbs[cpu.Index].Find(mm, page).Pte;
        return cached.IsPresent ? K.PageOf(cached).DataWord : K.ZeroPage;
    }

    /// <summary>Loads or stores through the cached translation: one step. False when it has been flushed
    /// meanwhile.</summary>
    public bool Access(Cpu cpu, MmStruct mm, int page, bool write, bool zero = false)
    {
        if (!Hits(cpu, mm, page, write))
        {
            return false;
        }

        // What a translation shows of a page that was dropped since is whatever is in the frame: nobody's truth.
        Translation cached = K.Tlbs[cpu.Index].Find(mm, page);
        bool judged = cached.TruthDiscards == mm.TruthDiscards[page];
        if (write)
        {
            Store(mm, page, K.PageOf(cached.Pte), judged, zero ? 0 : K.NewValue(cpu));
        }
        else
        {
            TruthLoad(mm, page, cached.Pte, judged);
        }

        return true;
    }

    /// <summary>Ground truth: what a load must read, of one's own page or of the file that still has this
    /// one.</summary>
    private void TruthLoad(MmStruct mm, int page, Pte pte, bool judged)
    {
        int value = pte.IsPresent ? K.PageOf(pte).Data : 0;
        if (pte.IsPresent && !K.FolioOf(pte).Anon)
        {
            Folio folio = K.FolioOf(pte);
            if (folio.File is { } file && file.Owns(folio) && value != file.TruthData[folio.Index])
            {
                K.TruthBroken.Add($"{mm} p{page} must read {file.TruthData[folio.Index]}, reads {value}");
            }
        }
        else if (judged && !mm.TruthLoad(page, value))
        {
            K.TruthBroken.Add($"{mm} p{page} must read {mm.TruthOf(page)}, reads {value}");
        }
    }

    private void Store(MmStruct mm, int page, Page frame, bool judged, int value)
    {
        if (frame.Head.Has(PageFlag.Writeback) && frame.Head.File is null && K.Swap.Synchronous)
        {
            K.TruthBroken.Add(
                $"stable: {mm} p{page} is written while {frame} is on its way to a stable-writes device");
        }

        frame.StoreData(value, mm.TruthId);
        if (!frame.Head.Anon)
        {
            // Whoever has the page by the file sees it, whatever becomes of this mapping.
            if (frame.Head.File is { } file && file.Owns(frame.Head))
            {
                file.TruthStore(frame.Head.Index, value);
            }
        }
        else if (judged)
        {
            mm.TruthOwn(page, value);
            mm.Tlb.TruthChild?.TruthFollow(mm, page);
        }
        else
        {
            mm.TruthStaleStore(page, frame, value);
        }
    }
}
