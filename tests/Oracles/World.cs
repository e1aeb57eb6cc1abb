using Fuzz.Execution;
using Fuzz.Oracles;
using Interleave;
using Mm;
using Mm.State;
using Xunit;

namespace Tests.Oracles;

/// <summary>A kernel whose state is built by hand, and the oracles that judge it.</summary>
internal sealed class World
{
    private readonly Verdict verdict = new();
    private readonly OracleSet oracles;

    public World(int mms = 2, int pages = 2, int slots = 2, int memcgs = 1, ThpPolicy thp = ThpPolicy.Never)
    {
        Kernel = new Kernel();
        Kernel.Machine.Reset(2);
        Kernel.Reset(mms, pages, slots, synchronous: false, memcgs: memcgs, thp: thp);
        oracles = new OracleSet(Kernel, verdict);
        oracles.Reset();
        First = Points.Table.All.First(p => p.Function.Length > 0);
        Second = Points.Table.All.First(p => p.Function.Length > 0 && p.Function != First.Function);
    }

    public Kernel Kernel { get; }

    /// <summary>The point that is blamed unless a test says otherwise.</summary>
    public Point First { get; }

    /// <summary>A point of another kernel function.</summary>
    public Point Second { get; }

    public Cpu Cpu0 => Kernel.Machine.Cpus[0];

    public MmStruct Mm0 => Kernel.Mms[0];

    public MmStruct Mm1 => Kernel.Mms[1];

    public Vma Vma0 => Mm0.Vmas[0];

    public OracleSet Oracles => oracles;

    public Verdict Verdict => verdict;

    /// <summary>
    /// A second process with one VMA over all its pages, linked to the first one's anon_vma as fork does it.
    /// </summary>
    public Vma Fork()
    {
        Mm1.Users = 1;
        Vma child = Kernel.AllocateVma();
        child.Mm = Mm1;
        child.Start = 0;
        child.End = Kernel.PageCount;
        Mm1.Vmas.Add(child);
        if (Vma0.AnonVma is { } parent)
        {
            Link(child, parent);
            AnonVma own = Kernel.AllocateAnonVma();
            own.Root = parent.Root;
            own.Parent = parent;
            own.ActiveVmas = 1;
            parent.Root.Refcount++;
            parent.Children++;
            child.AnonVma = own;
            Link(child, own);
        }

        return child;
    }

    /// <summary>The anon_vma of the first process.</summary>
    public AnonVma Prepare()
    {
        if (Vma0.AnonVma is null)
        {
            AnonVma anonVma = Kernel.AllocateAnonVma();
            anonVma.Children = 1;
            anonVma.ActiveVmas = 1;
            Vma0.AnonVma = anonVma;
            Link(Vma0, anonVma);
        }

        return Vma0.AnonVma!;
    }

    /// <summary>A frame that somebody just allocated and put on the LRU, with that reference still held.</summary>
    public Folio OnLru()
    {
        Folio folio = Kernel.TakeFrames(0)!;
        folio.Set(PageFlag.Uptodate | PageFlag.Swapbacked | PageFlag.Lru);
        Kernel.Lruvec.Inactive.AddHead(folio);
        folio.SetMemcg(Kernel.Memcgs.Root);
        Kernel.Memcgs.Root.Charge(1);
        return folio;
    }

    /// <summary>A page of the first process: one exclusive, writable mapping.</summary>
    public Folio MapPage(int page = 0)
    {
        Folio folio = OnLru();
        folio.SetMapping(Prepare());
        folio.SetIndex(page);
        folio.StoreMapcount(0);
        folio.Memcg!.ModifyMapped(folio, 1);
        folio.Set(PageFlag.AnonExclusive);
        folio.HandOver(Holder.Allocation, Holder.Mapping);
        Mm0.SetPte(page, Present(folio, PteFlag.Write | PteFlag.Dirty | PteFlag.Young));
        Mm0.AddRss(1, 0);
        return folio;
    }

    /// <summary>The same page in the second process too: shared, read-only.</summary>
    public void Share(Folio folio, int page = 0)
    {
        folio.Get(Holder.Mapping);
        folio.Clear(PageFlag.AnonExclusive);
        folio.IncMapcount();
        Mm0.SetPte(page, Mm0[page].Without(PteFlag.Write));
        Mm1.SetPte(page, Present(folio, PteFlag.Young));
        Mm1.AddRss(1, 0);
    }

    /// <summary>A large folio of the first process: one exclusive, writable PMD mapping.</summary>
    public Folio MapHuge()
    {
        Folio folio = Kernel.TakeFrames(Kernel.PmdOrder)!;
        folio.Set(PageFlag.Uptodate | PageFlag.Swapbacked | PageFlag.Lru | PageFlag.AnonExclusive);
        Kernel.Lruvec.Inactive.AddHead(folio);
        folio.SetMemcg(Kernel.Memcgs.Root);
        Kernel.Memcgs.Root.Charge(folio.PageCount);
        folio.SetMapping(Prepare());
        folio.Memcg!.ModifyMapped(folio, folio.PageCount);
        folio.SetIndex(0);
        folio.Large.SetEntire(0);
        folio.Large.SetMapcount(0);
        folio.Large.SetPagesMapped(LargeCounts.EntirelyMapped);
        folio.Large.SetSlot(0, LargeCounts.IdOf(Mm0), 0);
        folio.HandOver(Holder.Allocation, Holder.Mapping);
        Mm0.Table(0).SetPmd(new Pmd(PmdKind.Huge, folio.Pfn, PteFlag.Write | PteFlag.Dirty | PteFlag.Young));
        Mm0.AddRss(folio.PageCount, 0);
        return folio;
    }

    /// <summary>The same folio in the second process too: shared, read-only.</summary>
    public void ShareHuge(Folio folio)
    {
        folio.Get(Holder.Mapping);
        folio.Clear(PageFlag.AnonExclusive);
        folio.Large.AddEntire(1);
        folio.Large.SetMapcount(1);
        folio.Large.SetSlot(1, LargeCounts.IdOf(Mm1), 0);
        folio.Large.SetShared(true);
        Mm0.Table(0).SetPmd(Mm0.Table(0).Pmd.Without(PteFlag.Write));
        Mm1.Table(0).SetPmd(new Pmd(PmdKind.Huge, folio.Pfn, PteFlag.None));
        Mm1.AddRss(folio.PageCount, 0);
    }

    /// <summary>Each page of the first process' large folio has a mapping by a PTE more.</summary>
    public void CountPages(Folio folio)
    {
        for (int number = 0; number < folio.PageCount; number++)
        {
            folio.PageAt(number).IncMapcount();
            folio.PageAt(number).Set(PageFlag.AnonExclusive);
        }

        folio.Large.AddPagesMapped(folio.PageCount);
        folio.Large.SetMapcount(folio.Large.Mapcount + folio.PageCount);
        folio.Large.SetSlot(0, LargeCounts.IdOf(Mm0), folio.Large.Mapcount);
    }

    /// <summary>The PMD mapping of the first process becomes one of single pages.</summary>
    public void MapPages(Folio folio)
    {
        folio.Get(Holder.Mapping, folio.PageCount - 1);
        CountPages(folio);
        folio.Large.AddEntire(-1);
        folio.Large.AddPagesMapped(-LargeCounts.EntirelyMapped);
        folio.Large.SetMapcount(folio.Large.Mapcount - 1);
        folio.Large.SetSlot(0, LargeCounts.IdOf(Mm0), folio.Large.Mapcount);
        Mm0.Table(0).SetPmd(Pmd.Table);
        for (int page = 0; page < folio.PageCount; page++)
        {
            Mm0.SetPte(page, new Pte(PteKind.Present, (ushort)(folio.Pfn + page), PteFlag.Write | PteFlag.Dirty));
        }
    }

    /// <summary>Puts a folio into the swap cache, for fresh slots without owners.</summary>
    /// <returns>The first slot.</returns>
    public int Cache(Folio folio)
    {
        int first = Kernel.Swap.Allocate(folio.PageCount);
        for (int number = 0; number < folio.PageCount; number++)
        {
            Kernel.Swap.ExchangeCached(first + number, folio.PageAt(number));
            Kernel.Swap.SetRecord(first + number, Kernel.Memcgs.Root);
            Kernel.Swap.Data[first + number] = folio.PageAt(number).Data;
        }

        folio.Get(Holder.SwapCache, folio.PageCount);
        folio.SwapSlot = first;
        folio.Set(PageFlag.Swapcache);
        return first;
    }

    /// <summary>Replaces the present entry of a page by a swap entry to that slot.</summary>
    public void Unmap(MmStruct mm, int page, int slot, PteFlag flags = PteFlag.None)
    {
        Folio folio = Kernel.Folios[mm[page].Target];
        Kernel.Swap.Duplicate(slot);
        folio.Clear(PageFlag.AnonExclusive);
        mm.SetPte(page, new Pte(PteKind.Swap, (byte)slot, flags));
        mm.AddRss(-1, 1);
        if (folio.DecMapcount() < 0)
        {
            folio.Memcg?.ModifyMapped(folio, -1);
        }

        folio.PutTestZero(Holder.Mapping);
    }

    /// <summary>Locks a folio as a lane would.</summary>
    public void Lock(Folio folio)
    {
        folio.Set(PageFlag.Locked);
        folio.LockOwner = Cpu0;
    }

    /// <summary>
    /// Takes the first process' page out of its table and drops the reference; the folio stays allocated.
    /// </summary>
    public bool Zap(int page = 0)
    {
        Folio folio = Kernel.Folios[Mm0[page].Target];
        Mm0.SetPte(page, Pte.None);
        Mm0.AddRss(-1, 0);
        if (folio.DecMapcount() < 0)
        {
            folio.Memcg?.ModifyMapped(folio, -1);
        }

        return folio.PutTestZero(Holder.Mapping);
    }

    /// <summary>Takes an unused folio off the LRU and gives the frame back.</summary>
    public void Free(Folio folio)
    {
        FolioList.Remove(Kernel, folio);
        folio.Clear(PageFlag.Lru | PageFlag.Active);
        folio.SetMemcg(null);
        Kernel.Memcgs.Root.Uncharge(1);
        Kernel.GiveFrames(folio);
    }

    /// <summary>Ends the first process' address space, whose pages are gone.</summary>
    public void ExitVmas()
    {
        foreach (AnonVmaChain link in Vma0.Chain)
        {
            link.AnonVma.Tree.Remove(link);
        }

        Vma0.Chain.Clear();
        if (Vma0.AnonVma is { } anonVma)
        {
            anonVma.Refcount = 0;
            anonVma.ActiveVmas = 0;
            Kernel.FreeAnonVma(anonVma);
        }

        Kernel.FreeVma(Vma0);
        Mm0.Vmas.Clear();
    }

    /// <summary>Ends a step at <see cref="First"/>.</summary>
    public void Step() => Step(First);

    /// <summary>Ends a step at that point.</summary>
    public void Step(Point point)
    {
        oracles.AfterStep(Cpu0, point);
        Kernel.Touched.Clear();
    }

    public void Rest()
    {
        oracles.AtRest();
        Kernel.Touched.Clear();
    }

    public void End()
    {
        oracles.AtEnd();
        Kernel.Touched.Clear();
    }

    /// <summary>Nothing has been reported.</summary>
    public void IsSilent() =>
        Assert.Equal("", string.Join("; ", verdict.Violations.Select(v => $"{v.Signature}: {v.Detail}")));

    /// <summary>That law has been reported, blamed on <see cref="First"/>.</summary>
    public Violation Broke(string oracle, string law, string? message = null) =>
        BrokeAt(First.Function, oracle, law, message);

    /// <summary>
    /// That law has been reported, blamed on that routine; the kernel would print something with that text.
    /// </summary>
    public Violation BrokeAt(string routine, string oracle, string law, string? message = null)
    {
        Violation? found = verdict.Find(new Signature(oracle, law, routine));
        string all = string.Join("; ", verdict.Violations.Select(v => v.Signature));
        Assert.True(found is not null, $"'{oracle}: {law} [{routine}]' not among: {all}");
        if (message is null)
        {
            Assert.Null(found.Message);
        }
        else
        {
            Assert.Contains(message, found.Message, StringComparison.Ordinal);
        }

        return found;
    }

    public static Pte Present(Folio folio, PteFlag flags) => new(PteKind.Present, folio.Pfn, flags);

    public void Link(Vma vma, AnonVma anonVma)
    {
        AnonVmaChain link = Kernel.AllocateChain();
        link.Vma = vma;
        link.AnonVma = anonVma;
        vma.Chain.Add(link);
        anonVma.Tree.Add(link);
    }
}
