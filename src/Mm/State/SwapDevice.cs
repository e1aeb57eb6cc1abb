using System.Numerics;
using Interleave;

namespace Mm.State;

/// <summary>One swap device of a few slots: swap_map bytes, swap table and the data on it (mm/swapfile.c,
/// mm/swap_table.h, v6.18).</summary>
/// <remarks>
/// The lowest free slots are always taken, so that slots are reused as quickly as can be. The kernel's per-cpu cluster
/// scan may pick any free ones; which ones makes no difference to any law. Slots of a large folio are aligned as in the
/// kernel. A device that has whole clusters takes its slots as the kernel does (<see cref="SwapClusters"/>). The bytes
/// of a run change in one step: whoever reads them without the lock takes any of them for what it is.
/// </remarks>
public sealed class SwapDevice
{
    private readonly Kernel kernel;
    private byte[] counts = [];
    private bool[] shmem = [];
    private bool[] zeroes = [];
    private bool[] hasCache = [];
    private Folio?[] table = [];
    private Memcg?[] records = [];
    private Word[] slotWords = [];
    private Word[] dataWords = [];
    private SlotFree[] slotFree = [];
    private SwapClusters? clusters;

    internal SwapDevice(Kernel kernel, ObjectIds ids)
    {
        this.kernel = kernel;
        ClusterLock = ids.Spinlock(ObjectKind.ClusterLock, "cluster lock");
        Word = ids.Word(ObjectKind.SwapDevice, "swap device");
        Grow(Kernel.SlotsMin, ids);
        NoUsers = new NoUsersLeft(this);
    }

    /// <summary>The lock of the only cluster: protects bytes and table words.</summary>
    public KernelSpinlock ClusterLock { get; }

    /// <summary>The device, as an object of points.</summary>
    public Word Word { get; }

    /// <summary>Number of slots.</summary>
    public int Slots { get; private set; }

    /// <summary>SWP_SYNCHRONOUS_IO: reads may bypass the swap cache (zram).</summary>
    public bool Synchronous { get; private set; }

    /// <summary>SWP_WRITEOK: slots may be allocated.</summary>
    public bool Writable { get; set; }

    /// <summary>Whether get_swap_device succeeds.</summary>
    public bool Live { get; set; }

    /// <summary>Whether a swapoff is under way: nobody else may switch the device on or off.</summary>
    public bool GoingOff { get; set; }

    /// <summary>Ground truth: swapoff has freed the maps; whoever uses a slot now uses freed memory.</summary>
    public bool TruthGone { get; set; }

    /// <summary>Holders of a device reference.</summary>
    public int Users { get; set; }

    /// <summary>Ready when nobody holds a device reference.</summary>
    public IWaitable NoUsers { get; }

    /// <summary>What each slot's data is.</summary>
    public int[] Data { get; private set; } = [];

    /// <summary>Ground truth: number of swap entries in page tables that name the slot.</summary>
    public int[] TruthPtes { get; private set; } = [];

    /// <summary>Ground truth: how often the slot has been allocated.</summary>
    public int[] TruthGeneration { get; private set; } = [];

    /// <summary>The slot's byte and table word, as an object of points.</summary>
    public Word SlotWord(int slot) => slotWords[slot];

    /// <summary>The slot's data, as an object of points.</summary>
    public Word DataWord(int slot) => dataWords[slot];

    /// <summary>Number of owners (swap_count).</summary>
    public int Count(int slot) => counts[slot];

    /// <summary>SWAP_MAP_SHMEM: the owner is a page of a shmem file. The byte is a constant then; it counts as one
    /// owner here.</summary>
    public bool IsOfShmem(int slot) => shmem[slot];

    /// <summary>The slot's bit of the zeromap: the folio that was written had nothing but zeroes.</summary>
    public bool IsZero(int slot) => zeroes[slot];

    /// <summary>swap_zeromap_folio_set, swap_zeromap_folio_clear, of one slot.</summary>
    public void SetZero(int slot, bool zero) => zeroes[slot] = zero;

    /// <summary>SWAP_HAS_CACHE.</summary>
    public bool HasCache(int slot) => hasCache[slot];

    /// <summary>Whether the byte is 0.</summary>
    public bool IsFree(int slot) => counts[slot] == 0 && !hasCache[slot];

    /// <summary>Whether slots that follow each other are all free.</summary>
    public bool AreFree(int first, int pages)
    {
        int slot = first;
        while (slot < first + pages && IsFree(slot))
        {
            slot++;
        }

        return slot == first + pages;
    }

    /// <summary>The swap table word: the folio in the swap cache, or null.</summary>
    public Folio? Cached(int slot) => table[slot];

    /// <summary>lookup_swap_cgroup_id: the memcg that the slot is charged to, or null.</summary>
    public Memcg? Record(int slot) => records[slot];

    /// <summary>swap_cgroup_record: a fresh slot is charged to a memcg.</summary>
    public void SetRecord(int slot, Memcg memcg)
    {
        kernel.BugOn(records[slot] is not null, "VM_BUG_ON(old != 0)", "swap_cgroup_record", slotWords[slot]);
        records[slot] = memcg;
        memcg.ChargeSwap(1);
        Touch(slot);
    }

    /// <summary>mem_cgroup_move_swap_account (until v6.12): the record changes if it still is the old one.</summary>
    public bool MoveRecord(int slot, Memcg from, Memcg to)
    {
        if (records[slot] != from)
        {
            return false;
        }

        records[slot] = to;
        from.UnchargeSwap(1);
        to.ChargeSwap(1);
        Touch(slot);
        return true;
    }

    /// <summary>Ready when SWAP_HAS_CACHE is clear or the folio is in the table: what a swapin sleeps for.</summary>
    public IWaitable CacheSettled(int slot) => slotFree[slot];

    /// <summary>What the slot's page reads: the cached copy if there is one.</summary>
    public int Content(int slot) =>
        table[slot] is { } folio && folio.Has(PageFlag.Uptodate)
            ? folio.PageAt(slot & (folio.PageCount - 1)).Data : Data[slot];

    /// <summary>Number of slots in use.</summary>
    public int InUse()
    {
        int used = 0;
        for (int slot = 0; slot < Slots; slot++)
        {
            used += IsFree(slot) ? 0 : 1;
        }

        return used;
    }

    /// <summary>vm_swap_full: less than half of the slots are free.</summary>
    public bool IsFull() => (Slots - InUse()) * 2 < Slots;

    /// <summary>Takes the lowest free slots for a folio of that many pages: their bytes become SWAP_HAS_CACHE. -1 when
    /// there are none.</summary>
    public int Allocate(int pages = 1)
    {
        if (clusters is not null)
        {
            int found = clusters.Find(this, BitOperations.Log2((uint)pages));
            return found < 0 ? found : Take(found, pages);
        }

        for (int first = 0; first + pages <= Slots; first += pages)
        {
            if (AreFree(first, pages))
            {
                return Take(first, pages);
            }
        }

        return -1;
    }

    /// <summary>swap_only_has_cache: whether none of the slots has an owner, and all have SWAP_HAS_CACHE.</summary>
    public bool OnlyCache(int first, int count)
    {
        for (int slot = first; slot < first + count; slot++)
        {
            if (counts[slot] != 0 || !hasCache[slot])
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Raises the count.</summary>
    public void Duplicate(int slot)
    {
        counts[slot]++;
        Touch(slot);
    }

    /// <summary>Lowers the count. An underflow is as silent as in the kernel: the byte becomes 0xff.</summary>
    public void PutCount(int slot)
    {
        counts[slot]--;
        shmem[slot] = false;
        Unrecord(slot);
        Touch(slot);
    }

    /// <summary>The byte becomes SWAP_MAP_SHMEM.</summary>
    public void GiveToShmem(int slot)
    {
        counts[slot] = 1;
        shmem[slot] = true;
        Touch(slot);
    }

    /// <summary>Sets or clears SWAP_HAS_CACHE.</summary>
    public void SetHasCache(int slot, bool value)
    {
        kernel.BugOn(!value && !hasCache[slot], "VM_BUG_ON(!has_cache)", "swap_entry_put_locked");
        hasCache[slot] = value;
        Unrecord(slot);
        Touch(slot);
    }

    /// <summary>Exchanges the table word for that of a page's folio, or an empty one; returns the old one.</summary>
    public Folio? ExchangeCached(int slot, Page? page)
    {
        Folio? old = table[slot];
        old?.TruthTabled(-1);
        table[slot] = page?.Head;
        page?.Head.TruthTabled(1);
        page?.TruthCopies(slot, TruthGeneration[slot]);
        Touch(slot);
        return old;
    }

    /// <summary>The device fills the page from the slot.</summary>
    public void ReadInto(Page page, int slot)
    {
        Touch(slot);
        page.SetData(Data[slot]);
        page.TruthCopies(slot, TruthGeneration[slot]);
    }

    /// <summary>Marks a slot as changed, so that its laws are checked.</summary>
    public void Touch(int slot)
    {
        kernel.Touched.Slots.Add(slot);
        if (TruthGone)
        {
            kernel.TruthBroken.Add($"freed: slot {slot} is used although swapoff has freed the device");
        }
    }

    /// <summary>Makes room for that many slots.</summary>
    internal void Grow(int slots, ObjectIds ids)
    {
        int old = counts.Length;
        if (slots <= old)
        {
            return;
        }

        Array.Resize(ref counts, slots);
        Array.Resize(ref shmem, slots);
        Array.Resize(ref zeroes, slots);
        Array.Resize(ref hasCache, slots);
        Array.Resize(ref table, slots);
        Array.Resize(ref records, slots);
        Array.Resize(ref slotWords, slots);
        Array.Resize(ref dataWords, slots);
        Array.Resize(ref slotFree, slots);
        Data = new int[slots];
        TruthPtes = new int[slots];
        TruthGeneration = new int[slots];
        for (int slot = old; slot < slots; slot++)
        {
            slotWords[slot] = ids.Word(ObjectKind.SwapSlot, $"slot {slot}");
            dataWords[slot] = ids.Word(ObjectKind.SwapData, $"slot {slot} data");
            slotFree[slot] = new SlotFree(this, slot);
        }
    }

    internal void Reset(int slots, bool synchronous)
    {
        clusters = slots < SwapClusters.Size ? null : new SwapClusters(slots);
        Slots = slots;
        Synchronous = synchronous;
        Writable = true;
        Live = true;
        GoingOff = false;
        TruthGone = false;
        Users = 0;
        ClusterLock.Reset();
        Array.Clear(counts);
        Array.Clear(shmem);
        Array.Clear(zeroes);
        Array.Clear(hasCache);
        Array.Clear(table);
        Array.Clear(records);
        Array.Clear(Data);
        Array.Clear(TruthPtes);
        Array.Clear(TruthGeneration);
    }

    private int Take(int first, int pages)
    {
        for (int slot = first; slot < first + pages; slot++)
        {
            hasCache[slot] = true;
            TruthGeneration[slot]++;
            Touch(slot);
        }

        return first;
    }

    /// <summary>mem_cgroup_uncharge_swap: in swap_entries_free, so under the lock under which the byte became
    /// 0.</summary>
    private void Unrecord(int slot)
    {
        if (!IsFree(slot))
        {
            return;
        }

        clusters?.Freed(slot);
        if (records[slot] is { } memcg)
        {
            records[slot] = null;
            memcg.UnchargeSwap(1);
        }
    }

    private sealed class SlotFree(SwapDevice swap, int slot) : IWaitable
    {
        public bool IsReady(Cpu cpu) => !swap.hasCache[slot] || swap.table[slot] is not null;

        public void Blockers(Cpu cpu, ICollection<Cpu> into)
        {
        }
    }

    private sealed class NoUsersLeft(SwapDevice swap) : IWaitable
    {
        public bool IsReady(Cpu cpu) => swap.Users == 0;

        public void Blockers(Cpu cpu, ICollection<Cpu> into)
        {
        }
    }
}
