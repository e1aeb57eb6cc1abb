using System.Reflection;
using Mm.State;

namespace Mm.Routines;

/// <summary>The routines in force: v6.18's, with some replaced by variants.</summary>
public sealed class RoutineTable
{
    private readonly Routine[] all;

    internal RoutineTable(Kernel kernel, Routine[] variants)
    {
        PropertyInfo[] slots = typeof(RoutineTable).GetProperties();
        foreach (Routine variant in variants)
        {
            PropertyInfo slot = SlotOf(variant.GetType())
                ?? throw new ArgumentException($"{variant.GetType().Name} replaces no routine", nameof(variants));
            if (slot.GetValue(this)!.GetType() != slot.PropertyType)
            {
                throw new ArgumentException(
                    $"{variant.GetType().Name} and {slot.GetValue(this)!.GetType().Name} both replace {slot.Name}",
                    nameof(variants));
            }

            slot.SetValue(this, variant);
        }

        all = Array.ConvertAll(slots, slot => (Routine)slot.GetValue(this)!);
        foreach (Routine routine in all)
        {
            routine.K = kernel;
        }
    }

    /// <summary>mm/filemap.c: the folio lock and waiting for bits.</summary>
    public FolioLocking Locking { get; private set; } = new();

    /// <summary>mm/swap.c, mm/page_alloc.c: the last put and the free path.</summary>
    public FolioFree Free { get; private set; } = new();

    /// <summary>mm/swap.c, mm/vmscan.c: LRU batches, isolation, putback.</summary>
    public Lru Lru { get; private set; } = new();

    /// <summary>mm/swap.c: LRU batches that move a folio from list to list.</summary>
    public LruMoves LruMoves { get; private set; } = new();

    /// <summary>mm/mlock.c: the batches in which folios are mlocked and munlocked.</summary>
    public Mlock Mlock { get; private set; } = new();

    /// <summary>mm/mlock.c: mlock and munlock.</summary>
    public MlockRange MlockRange { get; private set; } = new();

    /// <summary>mm/rmap.c: large folios that reclaim finds to be mlocked after all.</summary>
    public LargeMlock LargeMlock { get; private set; } = new();

    /// <summary>mm/madvise.c, mm/rmap.c: MADV_FREE and the reclaim of what it marked.</summary>
    public MadviseFree MadviseFree { get; private set; } = new();

    /// <summary>mm/vma.c: other flags for a part of a VMA.</summary>
    public VmaModify VmaModify { get; private set; } = new();

    /// <summary>mm/madvise.c: MADV_DONTFORK, MADV_DOFORK.</summary>
    public MadviseFork MadviseFork { get; private set; } = new();

    /// <summary>mm/mprotect.c.</summary>
    public Mprotect Mprotect { get; private set; } = new();

    /// <summary>mm/mremap.c.</summary>
    public Mremap Mremap { get; private set; } = new();

    /// <summary>mm/userfaultfd.c: UFFDIO_MOVE.</summary>
    public UffdMove UffdMove { get; private set; } = new();

    /// <summary>mm/userfaultfd.c: one step of UFFDIO_MOVE.</summary>
    public UffdMovePtes UffdMovePtes { get; private set; } = new();

    /// <summary>mm/gup.c: short-term references.</summary>
    public PageGet PageGet { get; private set; } = new();

    /// <summary>mm/madvise.c: MADV_COLD.</summary>
    public MadviseCold MadviseCold { get; private set; } = new();

    /// <summary>folio_add_new_anon_rmap.</summary>
    public AnonRmapNew RmapNew { get; private set; } = new();

    /// <summary>mm/rmap.c: adding, removing, duplicating and sharing anonymous mappings.</summary>
    public AnonRmap Rmap { get; private set; } = new();

    /// <summary>mm/rmap.c: the counts of mappings of large folios.</summary>
    public LargeRmap LargeRmap { get; private set; } = new();

    /// <summary>mm/huge_memory.c: the queue of large folios to be split.</summary>
    public DeferredSplit DeferredSplit { get; private set; } = new();

    /// <summary>mm/huge_memory.c: the scanner of that queue.</summary>
    public DeferredSplitScan DeferredScan { get; private set; } = new();

    /// <summary>mm/huge_memory.c: large folios are split into their pages.</summary>
    public FolioSplit Split { get; private set; } = new();

    /// <summary>include/linux/list.h: lists whose links are touched one by one.</summary>
    public KernelLists Lists { get; private set; } = new();

    /// <summary>mm/huge_memory.c: faults at the level of PMD entries.</summary>
    public HugePmdFault HugeFault { get; private set; } = new();

    /// <summary>mm/huge_memory.c: PMD mappings become page tables.</summary>
    public HugePmdSplit HugeSplit { get; private set; } = new();

    /// <summary>mm/khugepaged.c: a page table becomes a PMD mapping.</summary>
    public Collapse Collapse { get; private set; } = new();

    /// <summary>mm/khugepaged.c: the pages of such a page table.</summary>
    public CollapsePages CollapsePages { get; private set; } = new();

    /// <summary>mm/huge_memory.c: zap and fork of PMD mappings.</summary>
    public HugePmd Huge { get; private set; } = new();

    /// <summary>mm/rmap.c: from a folio to its anon_vma.</summary>
    public RmapWalk RmapWalk { get; private set; } = new();

    /// <summary>mm/rmap.c: the life of an anon_vma.</summary>
    public AnonVmas AnonVmas { get; private set; } = new();

    /// <summary>mm/swapfile.c: slots and their counts.</summary>
    public SwapSlots Slots { get; private set; } = new();

    /// <summary>mm/swap_state.c: the swap cache.</summary>
    public SwapCache SwapCache { get; private set; } = new();

    /// <summary>mm/memcontrol.c: what folios and swap slots are charged to.</summary>
    public MemcgCharge Memcg { get; private set; } = new();

    /// <summary>mm/memcontrol.c: the statistics of mapped pages.</summary>
    public MemcgStat MemcgStat { get; private set; } = new();

    /// <summary>mm/memcontrol.c: moving charges between memcgs.</summary>
    public ChargeMoving ChargeMoving { get; private set; } = new();

    /// <summary>kernel/cgroup/cgroup.c: attach and rmdir.</summary>
    public Cgroups Cgroups { get; private set; } = new();

    /// <summary>Hardware: the memory management unit.</summary>
    public Mmu Mmu { get; private set; } = new();

    /// <summary>arch/x86/mm/tlb.c, mm/rmap.c: flushing translations.</summary>
    public Tlb Tlb { get; private set; } = new();

    /// <summary>mm/memory.c: faults on anonymous memory.</summary>
    public Fault Fault { get; private set; } = new();

    /// <summary>mm/memory.c: copy on write and the reuse rule.</summary>
    public WriteProtectFault WriteProtect { get; private set; } = new();

    /// <summary>mm/memory.c: the folio of a first store.</summary>
    public AnonFolioAllocation AnonFolios { get; private set; } = new();

    /// <summary>mm/memory.c: fork of large folios that PTEs map.</summary>
    public LargeFork LargeFork { get; private set; } = new();

    /// <summary>mm/memory.c: the reuse rule for large folios.</summary>
    public LargeReuse LargeReuse { get; private set; } = new();

    /// <summary>mm/memory.c: do_swap_page.</summary>
    public SwapIn SwapIn { get; private set; } = new();

    /// <summary>mm/memory.c: large folios in do_swap_page.</summary>
    public LargeSwapIn LargeSwapIn { get; private set; } = new();

    /// <summary>mm/memory.c, mm/mmu_gather.c: zap and gather.</summary>
    public Zap Zap { get; private set; } = new();

    /// <summary>mm/mmap.c, mm/vma.c, mm/madvise.c: map, unmap, exit.</summary>
    public AddressSpace AddressSpace { get; private set; } = new();

    /// <summary>mm/vma.c: mmap.</summary>
    public MmapRegion Mmap { get; private set; } = new();

    /// <summary>kernel/fork.c, mm/memory.c: fork.</summary>
    public Fork Fork { get; private set; } = new();

    /// <summary>mm/rmap.c: try_to_unmap and folio_referenced of large folios.</summary>
    public LargeUnmap LargeUnmap { get; private set; } = new();

    /// <summary>mm/rmap.c: try_to_unmap and folio_referenced.</summary>
    public Unmap Unmap { get; private set; } = new();

    /// <summary>mm/vmscan.c, mm/madvise.c: reclaim.</summary>
    public Reclaim Reclaim { get; private set; } = new();

    /// <summary>mm/madvise.c: large folios in MADV_PAGEOUT.</summary>
    public LargePageout LargePageout { get; private set; } = new();

    /// <summary>mm/vmscan.c: shrink_folio_list.</summary>
    public Shrink Shrink { get; private set; } = new();

    /// <summary>mm/swapfile.c: swapoff.</summary>
    public Swapoff Swapoff { get; private set; } = new();

    /// <summary>mm/migrate.c: migration of one folio.</summary>
    public Migrate Migrate { get; private set; } = new();

    /// <summary>mm/rmap.c, mm/migrate.c: migration entries of large folios.</summary>
    public LargeMigration LargeMigration { get; private set; } = new();

    /// <summary>mm/gup.c: pins.</summary>
    public Gup Gup { get; private set; } = new();

    /// <summary>mm/ksm.c: ksmd at one address.</summary>
    public Ksm Ksm { get; private set; } = new();

    /// <summary>mm/ksm.c: a page becomes a KSM page, or is replaced by one.</summary>
    public KsmMerge KsmMerge { get; private set; } = new();

    /// <summary>mm/ksm.c: the stable tree.</summary>
    public KsmTree KsmTree { get; private set; } = new();

    /// <summary>mm/ksm.c: the reverse map of KSM folios.</summary>
    public KsmRmap KsmRmap { get; private set; } = new();

    /// <summary>mm/ksm.c: copies on swapin.</summary>
    public KsmCopy KsmCopy { get; private set; } = new();

    /// <summary>mm/memory-failure.c: broken memory.</summary>
    public MemoryFailure MemoryFailure { get; private set; } = new();

    /// <summary>mm/memory-failure.c: memory that is taken out of use.</summary>
    public SoftOffline SoftOffline { get; private set; } = new();

    /// <summary>mm/filemap.c: the page cache.</summary>
    public PageCache PageCache { get; private set; } = new();

    /// <summary>mm/filemap.c: faults on files with blocks.</summary>
    public Filemap Filemap { get; private set; } = new();

    /// <summary>mm/memory.c: faults of file mappings.</summary>
    public FileFault FileFault { get; private set; } = new();

    /// <summary>mm/rmap.c, mm/vma.c: mappings of files.</summary>
    public FileRmap FileRmap { get; private set; } = new();

    /// <summary>mm/pt_reclaim.c: page tables that a zap has emptied.</summary>
    public TableReclaim TableReclaim { get; private set; } = new();

    /// <summary>mm/memory.c: what a zap takes.</summary>
    public ShouldZap ShouldZap { get; private set; } = new();

    /// <summary>mm/memory.c: unmap_mapping_range and unmap_mapping_folio.</summary>
    public UnmapMapping UnmapMapping { get; private set; } = new();

    /// <summary>mm/truncate.c: truncation and hole punching.</summary>
    public Truncate Truncate { get; private set; } = new();

    /// <summary>mm/truncate.c: invalidation.</summary>
    public Invalidation Invalidation { get; private set; } = new();

    /// <summary>mm/shmem.c.</summary>
    public Shmem Shmem { get; private set; } = new();

    /// <summary>mm/page-writeback.c.</summary>
    public Writeback Writeback { get; private set; } = new();

    /// <summary>The property that holds routines of that type, or null.</summary>
    public static PropertyInfo? SlotOf(Type routine) =>
        Array.Find(typeof(RoutineTable).GetProperties(), slot => slot.PropertyType.IsAssignableFrom(routine));

    /// <summary>Forgets lane-private state, for a new execution.</summary>
    internal void Reset()
    {
        foreach (Routine routine in all)
        {
            routine.Reset();
        }
    }
}
