using Interleave;
using Mm.Routines;

namespace Mm.State;

/// <summary>All state of one execution, and the routines in force. Reused from execution to execution.</summary>
public sealed partial class Kernel
{
    /// <summary>Page frames of a small world; larger shapes get more, see <see cref="Reset"/>.</summary>
    public const int FramesMin = 64;

    /// <summary>Most cpus.</summary>
    public const int CpusMax = 8;

    /// <summary>Most processes.</summary>
    public const int MmsMax = 4;

    /// <summary>Pages of a process in a small world; larger shapes get more, see <see cref="Reset"/>.</summary>
    public const int PagesMin = 4;

    /// <summary>Swap slots in a small world; larger shapes get more, see <see cref="Reset"/>.</summary>
    public const int SlotsMin = 16;

    /// <summary>Most VMAs alive at once.</summary>
    public const int VmasMax = 64;

    /// <summary>Most anon_vmas alive at once.</summary>
    public const int AnonVmasMax = 64;

    private const int SpareOrderMin = 5;

    private int vmasUsed = VmasMax;
    private int anonVmasUsed = AnonVmasMax;
    private readonly ObjectIds ids = new();
    private readonly FrameAllocator frames;
    private readonly Stack<Vma> freeVmas = new();
    private readonly Stack<AnonVma> freeAnonVmas = new();
    private readonly Stack<AnonVmaChain> freeChains = new();
    private readonly int[] stores = new int[CpusMax];
    private readonly Vma[] vmas = new Vma[VmasMax];
    private static readonly Action<AnonVma> AnonVmaReset = anonVma => anonVma.Reset();
    private static readonly Action<Vma> VmaReset = vma =>
    {
        vma.Chain.Clear();
        vma.Lock.Reset();
    };

    /// <summary>A kernel with the routines of v6.18, changed by <paramref name="variants"/>.</summary>
    /// <param name="variants">At most one for each routine.</param>
    /// <exception cref="ArgumentException">Two variants supply the same routine.</exception>
    public Kernel(params Routine[] variants)
    {
        Points.DefineAll();
        Machine = new Machine(Points.Table);
        Rcu = new Rcu(Machine);
        Touched = new Touched();
        frames = new FrameAllocator(this);
        Swap = new SwapDevice(this, ids);
        GrowFrames(FramesMin);

        for (int i = 0; i < MmsMax; i++)
        {
            Mms[i] = new MmStruct(this, i, ids);
        }

        for (int i = 0; i < Tlbs.Length; i++)
        {
            Tlbs[i] = new TlbState(this);
        }

        Lruvec = new Lruvec(this, ids);
        for (int i = 0; i < VmasMax; i++)
        {
            vmas[i] = new Vma(i, ids);
        }

        for (int i = 0; i < AnonVmasMax; i++)
        {
            AnonVmas[i] = new AnonVma(this, i, ids);
        }

        Files = new FileTable(this, ids);
        MakePins();
        ZeroPage = ids.Word(ObjectKind.FolioData, "zero page");
        Allocator = ids.Word(ObjectKind.Allocator, "page allocator");
        Mmlist = ids.Word(ObjectKind.Mmlist, "mmlist");
        Memcgs = new MemcgTree(this, ids);
        MakeLarge();
        Ksm = new KsmState(this, ids);
        PoisonMutex = ids.Rwsem(ObjectKind.PoisonMutex, "mf_mutex");
        Objects = ids.All;
        R = new RoutineTable(this, variants);
    }

    /// <summary>The machine the routines park on.</summary>
    public Machine Machine { get; }

    /// <summary>RCU.</summary>
    public Rcu Rcu { get; }

    /// <summary>The routines in force.</summary>
    public RoutineTable R { get; }

    /// <summary>Every shared object by id.</summary>
    [field: NotState("they are reached otherwise")]
    public IReadOnlyList<SharedObject> Objects { get; }

    /// <summary>The frames that have been allocated at least once in this execution; all others are as after
    /// boot.</summary>
    public ReadOnlySpan<Folio> UsedFolios => Folios.AsSpan(0, frames.Used);

    /// <summary>The anon_vmas that have been allocated at least once in this execution.</summary>
    public ReadOnlySpan<AnonVma> UsedAnonVmas => AnonVmas.AsSpan(0, anonVmasUsed);

    /// <summary>What changed since the oracles last looked.</summary>
    public Touched Touched { get; }

    /// <summary>The page frames.</summary>
    public Folio[] Folios { get; private set; } = [];

    /// <summary>The processes.</summary>
    public MmStruct[] Mms { get; } = new MmStruct[MmsMax];

    /// <summary>What each cpu's TLB holds.</summary>
    public TlbState[] Tlbs { get; } = new TlbState[Kernel.CpusMax];

    /// <summary>The anon_vma slab.</summary>
    public AnonVma[] AnonVmas { get; } = new AnonVma[AnonVmasMax];

    /// <summary>The swap device.</summary>
    public SwapDevice Swap { get; }

    /// <summary>The memory cgroups.</summary>
    public MemcgTree Memcgs { get; }

    /// <summary>The process that makes the call which each lane is in (current->mm); null for kernel threads and for
    /// the owner of the machine.</summary>
    public MmStruct?[] Current { get; } = new MmStruct?[Kernel.CpusMax];

    /// <summary>The LRU.</summary>
    public Lruvec Lruvec { get; }

    /// <summary>The files.</summary>
    public FileTable Files { get; }

    /// <summary>The bytes of the shared zero page, as an object of points.</summary>
    public Word ZeroPage { get; }

    /// <summary>The page allocator, as an object of points.</summary>
    public Word Allocator { get; }

    /// <summary>mmlist_lock and init_mm.mmlist, as an object of points.</summary>
    public Word Mmlist { get; }

    /// <summary>mf_mutex: one broken page at a time.</summary>
    public Rwsem PoisonMutex { get; }

    /// <summary>What ksmd knows.</summary>
    public KsmState Ksm { get; }

    /// <summary>What the kernel printed.</summary>
    public List<KernelMessage> Console { get; } = [];

    /// <summary>Ground truth: reads that returned the wrong value, and ranges that were not emptied.</summary>
    public List<string> TruthBroken { get; } = [];

    /// <summary>Number of processes in this execution.</summary>
    public int MmCount { get; private set; }

    /// <summary>Pages of each process in this execution.</summary>
    public int PageCount { get; private set; }

    /// <summary>Pages per PMD entry, as a power of two (PMD_ORDER): 9 on hardware, less for a small search.</summary>
    public int PmdOrder { get; private set; } = 2;

    /// <summary>Which large folios anonymous faults allocate.</summary>
    public ThpPolicy Thp { get; private set; }

    /// <summary>Whether PMD entries may be anything but a table in this execution.</summary>
    public bool HasHugePmds => Thp != ThpPolicy.Never;

    /// <summary>Number of page tables of each process.</summary>
    public int TableCount => ((PageCount - 1) >> PmdOrder) + 1;

    /// <summary>The value that the next store of a lane writes: each store writes another one, which does not depend on
    /// what other lanes have stored.</summary>
    public int NewValue(Cpu cpu) => 1 + cpu.Index + (stores[cpu.Index]++ * CpusMax);

    /// <summary>Builds the fresh world: mm0 exists and maps all its pages, nothing is touched.</summary>
    public void Reset(
        int mms, int pages, int slots, bool synchronous, int pmdOrder = 2, int memcgs = 1,
        ThpPolicy thp = ThpPolicy.Never, int files = 1, bool shmem = true, int filePages = 1)
    {
        PmdOrder = pmdOrder;
        Thp = thp;
        MmCount = mms;
        PageCount = pages;
        Array.Clear(stores);
        Files.Reset(files, shmem, filePages);
        R.Reset();
        Rcu.Reset();
        Swap.Grow(slots, ids);
        Touched.Slots.Grow(slots);
        Swap.Reset(slots, synchronous);
        Lruvec.Reset();
        Memcgs.Reset(memcgs);
        Array.Clear(Current);
        Ksm.Reset();
        PoisonMutex.Reset();
        ResetLarge();
        Console.Clear();
        TruthBroken.Clear();
        ResetPools();
        GrowFrames(FramesFor(mms * pages) + (thp == ThpPolicy.Never ? 0 : SpareFor(pmdOrder)));
        foreach (MmStruct mm in Mms)
        {
            mm.Grow(pages, ids);
            mm.Reset();
        }

        foreach (TlbState tlb in Tlbs)
        {
            tlb.Reset(pages);
        }

        ResetPins();

        Mms[0].Init();
        Mms[0].Memcg = Memcgs.Root;
        Vma first = AllocateVma();
        first.Mm = Mms[0];
        first.Start = 0;
        first.Offset = 0;
        first.End = pages;
        Mms[0].Vmas.Add(first);
        Touched.Clear();
    }

    /// <summary>A BUG_ON or WARN_ON of the kernel: notes the message when the condition holds, and returns
    /// it.</summary>
    public bool BugOn(bool condition, string text, string function, object? subject = null)
    {
        if (condition)
        {
            Console.Add(new KernelMessage(text, function, subject?.ToString() ?? ""));
        }

        return condition;
    }

    /// <summary>The folio that the page of an entry is part of (pfn_folio).</summary>
    public Folio FolioOf(Pte pte) => Folios[pte.Target].Head;

    /// <summary>The page that a present or migration entry names (pfn_to_page).</summary>
    public Page PageOf(Pte pte) => Folios[pte.Target];

    /// <summary>A folio of 2^order frames from the allocator; null when there is no such block.</summary>
    public Folio? TakeFrames(int order)
    {
        int first = frames.Take(order);
        if (first < 0)
        {
            return null;
        }

        Folio folio = Folios[first];
        folio.Allocate(order);
        return folio;
    }

    /// <summary>Gives the checked frames of a folio back.</summary>
    public void GiveFrames(Folio folio)
    {
        int order = folio.Order;
        for (int number = folio.PageCount - 1; number >= 0; number--)
        {
            Folio page = Folios[folio.Pfn + number];
            page.Touch();
            page.Free = true;
            page.Head = page;
        }

        folio.Retire();
        frames.Give(folio.Pfn, order);
    }

    /// <summary>VMAs that are out of their slab; less than none when one was freed twice.</summary>
    public int VmasInUse => VmasMax - freeVmas.Count;

    /// <summary>A fresh VMA.</summary>
    public Vma AllocateVma()
    {
        Vma vma = freeVmas.Pop();
        vmasUsed = Math.Max(vmasUsed, vma.Number + 1);
        vma.AnonVma = null;
        vma.Flags = VmaFlag.Write;
        vma.File = null;
        vma.Shared = false;
        return vma;
    }

    /// <summary>Frees a VMA that is in no tree and no chain.</summary>
    public void FreeVma(Vma vma) => freeVmas.Push(vma);

    /// <summary>A fresh anon_vma that is its own root.</summary>
    public AnonVma AllocateAnonVma()
    {
        AnonVma anonVma = freeAnonVmas.Pop();
        anonVmasUsed = Math.Max(anonVmasUsed, anonVma.Number + 1);
        anonVma.Freed = false;
        anonVma.Refcount = 1;
        anonVma.TruthItems = 0;
        anonVma.TruthLife++;
        anonVma.Children = 0;
        anonVma.ActiveVmas = 0;
        anonVma.Root = anonVma;
        anonVma.Parent = anonVma;
        Touched.AnonVmas |= 1UL << anonVma.Number;
        return anonVma;
    }

    /// <summary>kmem_cache_free: the object may be taken again at once.</summary>
    public void FreeAnonVma(AnonVma anonVma)
    {
        anonVma.Freed = true;
        anonVma.FreedAt = Rcu.Stamp();
        Touched.AnonVmas |= 1UL << anonVma.Number;
        freeAnonVmas.Push(anonVma);
    }

    /// <summary>A link, not yet in any tree.</summary>
    public AnonVmaChain AllocateChain() => freeChains.TryPop(out AnonVmaChain? chain) ? chain : new AnonVmaChain();

    /// <summary>Frees a link.</summary>
    public void FreeChain(AnonVmaChain chain) => freeChains.Push(chain);

    /// <summary>Enough for every page of every process, copies in flight and reads ahead.</summary>
    private static int FramesFor(int pages) => Math.Max(FramesMin, (2 * pages + 32 + 63) & -64);

    /// <summary>Two folios of a PMD entry more: as frames of an order are not merged with others, there would be too
    /// few for one in a row sooner than in a kernel. Small ones are spared by their many frames.</summary>
    private static int SpareFor(int pmdOrder) => pmdOrder < SpareOrderMin ? 0 : 2 << pmdOrder;

    /// <summary>Only what the last execution used is reset; everything is handed out in the same order again.</summary>
    private void ResetPools()
    {
        for (int pfn = 0; pfn < frames.Used; pfn++)
        {
            Folios[pfn].Reset();
        }

        frames.Reset();
        Refill(freeVmas, vmas, vmasUsed, VmaReset);
        Refill(freeAnonVmas, AnonVmas, anonVmasUsed, AnonVmaReset);
        vmasUsed = 0;
        anonVmasUsed = 0;
    }

    private static void Refill<T>(Stack<T> free, T[] all, int used, Action<T> reset)
    {
        // The untouched rest lies at the bottom of the stack, in order; what was handed out and came back is above it.
        while (free.Count > all.Length - used)
        {
            free.Pop();
        }

        for (int i = used - 1; i >= 0; i--)
        {
            reset(all[i]);
            free.Push(all[i]);
        }
    }

    private void GrowFrames(int count)
    {
        int old = Folios.Length;
        if (count <= old)
        {
            return;
        }

        Folio[] grown = new Folio[count];
        Folios.CopyTo(grown, 0);
        for (int pfn = old; pfn < count; pfn++)
        {
            grown[pfn] = new Folio(this, (ushort)pfn, ids);
        }

        Folios = grown;
        Touched.Folios.Grow(count);
    }
}
