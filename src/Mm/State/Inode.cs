using Interleave;

namespace Mm.State;

/// <summary>struct inode with its address_space: one file of a few pages, of shmem or with blocks on a disk
/// (include/linux/fs.h, v6.18).</summary>
/// <remarks>
/// i_lock has no lock of its own: wherever it matters here it lies directly around the xarray's. Left out: sizes that
/// are no whole pages, shadows, marks (they only choose which folios writeback looks at), several mounts, seals.
/// Members named Truth... are the ground truth that oracles compare with; no routine reads them.
/// </remarks>
public sealed class Inode
{
    /// <summary>Most pages of a file.</summary>
    public const int PagesMax = 4;

    private readonly Kernel kernel;
    private readonly Folio?[] folios = new Folio?[PagesMax];
    private readonly int[] slots = new int[PagesMax];
    private readonly Word[] entryWords = new Word[PagesMax];
    private readonly Word[] diskWords = new Word[PagesMax];

    internal Inode(Kernel kernel, int number, ObjectIds ids)
    {
        this.kernel = kernel;
        Number = number;
        Word = ids.Word(ObjectKind.Inode, $"file {number}");
        Rwsem = ids.Rwsem(ObjectKind.InodeLock, $"i_rwsem(file {number})");
        InvalidateLock = ids.Rwsem(ObjectKind.InvalidateLock, $"invalidate_lock(file {number})");
        MmapRwsem = ids.Rwsem(ObjectKind.MappingLock, $"i_mmap_rwsem(file {number})");
        XarrayLock = ids.Spinlock(ObjectKind.XarrayLock, $"xa_lock(file {number})");
        for (int page = 0; page < PagesMax; page++)
        {
            entryWords[page] = ids.Word(ObjectKind.PageCacheEntry, $"file {number} entry {page}");
            diskWords[page] = ids.Word(ObjectKind.DiskBlock, $"file {number} block {page}");
        }

        PunchOver = new NoPunch(this);
        Clear();
    }

    /// <summary>Number in programs: f0, f1.</summary>
    public int Number { get; }

    /// <summary>i_size and i_private, as an object of points.</summary>
    public Word Word { get; }

    /// <summary>i_rwsem: whoever writes, truncates or punches.</summary>
    public Rwsem Rwsem { get; }

    /// <summary>mapping->invalidate_lock: keeps faults from filling the page cache while blocks go. Not used by
    /// shmem.</summary>
    public Rwsem InvalidateLock { get; }

    /// <summary>mapping->i_mmap_rwsem.</summary>
    public Rwsem MmapRwsem { get; }

    /// <summary>The lock of mapping->i_pages.</summary>
    public KernelSpinlock XarrayLock { get; }

    /// <summary>Whether it is a file of shmem rather than one with blocks on a disk.</summary>
    public bool IsShmem { get; private set; }

    /// <summary>i_size in pages.</summary>
    public int Size { get; private set; }

    /// <summary>mapping->nrpages: folios in the page cache.</summary>
    public int FolioCount { get; private set; }

    /// <summary>mapping->i_mmap in the order in which it is walked: by first page of the file, then by age.</summary>
    public List<Vma> Mmap { get; } = [];

    /// <summary>shmem_falloc.start of the punch in progress.</summary>
    public int PunchStart { get; private set; }

    /// <summary>One past the last page of the punch in progress; 0 when there is none.</summary>
    public int PunchEnd { get; private set; }

    /// <summary>Ready when no hole is being punched.</summary>
    public IWaitable PunchOver { get; }

    /// <summary>What its blocks hold; of shmem, nothing.</summary>
    public int[] Disk { get; } = new int[PagesMax];

    /// <summary>Ground truth: what each page must read.</summary>
    public int[] TruthData { get; } = new int[PagesMax];

    /// <summary>An entry of i_pages, as an object of points.</summary>
    public Word EntryWord(int index) => entryWords[index];

    /// <summary>A block, as an object of points.</summary>
    public Word DiskWord(int index) => diskWords[index];

    /// <summary>The folio of that index, or null.</summary>
    public Folio? FolioAt(int index) => folios[index];

    /// <summary>The swap slot that a page of shmem is in, or -1.</summary>
    public int SlotAt(int index) => slots[index];

    /// <summary>Whether the page has no entry.</summary>
    public bool IsHole(int index) => folios[index] is null && slots[index] < 0;

    /// <summary>What the page holds when it has no entry.</summary>
    public int Backing(int index) => IsShmem ? 0 : Disk[index];

    /// <summary>i_size_write: one step.</summary>
    public void SetSize(int size)
    {
        Size = size;
        Touch();
    }

    /// <summary>shmem_fallocate publishes, or with two zeros takes back, what it is punching: one step.</summary>
    public void SetPunch(int start, int end)
    {
        PunchStart = start;
        PunchEnd = end;
    }

    /// <summary>Whether a punch that includes the page is in progress.</summary>
    public bool IsPunched(int index) => index >= PunchStart && index < PunchEnd;

    /// <summary>Stores a folio, a slot or, with null and -1, nothing: one step.</summary>
    public void SetEntry(int index, Folio? folio, int slot = -1)
    {
        FolioCount += (folio is null ? 0 : 1) - (folios[index] is null ? 0 : 1);
        folios[index]?.TouchCached();
        folios[index] = folio;
        slots[index] = slot;
        folio?.TouchCached();
        Touch();
    }

    /// <summary>The disk stores a block: one step.</summary>
    public void WriteDisk(int index, int data)
    {
        Disk[index] = data;
        Touch();
    }

    /// <summary>Ground truth: from now on the page must read that.</summary>
    public void TruthStore(int index, int data)
    {
        TruthData[index] = data;
        Touch();
    }

    /// <summary>Whether the folio is the page cache's for its index.</summary>
    public bool Owns(Folio folio) => folio.Index < PagesMax && folios[folio.Index] == folio;

    /// <summary>vma_interval_tree_insert.</summary>
    public void Insert(Vma vma)
    {
        kernel.Files.Used = true;
        int at = Mmap.Count;
        while (at > 0 && Mmap[at - 1].Offset > vma.Offset)
        {
            at--;
        }

        Mmap.Insert(at, vma);
    }

    /// <summary>vma_interval_tree_insert_after: so that a walk meets the parent before its child.</summary>
    public void InsertAfter(Vma parent, Vma child) => Mmap.Insert(Mmap.IndexOf(parent) + 1, child);

    /// <inheritdoc />
    public override string ToString() => $"file {Number}";

    /// <summary>A file as it is at boot: of shmem all holes, else of blocks with content, no two alike.</summary>
    internal void Reset(bool isShmem, int pages)
    {
        Clear();
        IsShmem = isShmem;
        Size = pages;
        for (int index = 0; index < pages && !isShmem; index++)
        {
            Disk[index] = TruthData[index] = -1 - index - Number * PagesMax;
        }
    }

    private void Touch()
    {
        kernel.Touched.Files |= 1u << Number;
        kernel.Files.Used = true;
    }

    private void Clear()
    {
        Rwsem.Reset();
        InvalidateLock.Reset();
        MmapRwsem.Reset();
        XarrayLock.Reset();
        FolioCount = 0;
        Mmap.Clear();
        SetPunch(0, 0);
        Array.Clear(folios);
        Array.Fill(slots, -1);
        Array.Clear(Disk);
        Array.Clear(TruthData);
    }

    private sealed class NoPunch(Inode inode) : IWaitable
    {
        public bool IsReady(Cpu cpu) => inode.PunchEnd == 0;

        public void Blockers(Cpu cpu, ICollection<Cpu> into)
        {
            if (inode.Rwsem.Writer is { } writer)
            {
                into.Add(writer);
            }
        }
    }
}
