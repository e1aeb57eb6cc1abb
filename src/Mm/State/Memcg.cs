using Interleave;

namespace Mm.State;

/// <summary>struct mem_cgroup: what is charged to it, and whether it is still there (mm/memcontrol.c, v6.18).</summary>
/// <remarks>
/// Left out: limits, so no charge fails; the per-cpu stock in front of the page counters; kernel memory; the per-node
/// half of the statistics. <see cref="MoveLock"/> and <see cref="MovingAccount"/> are fields of kernels up to v6.12.
/// </remarks>
public sealed class Memcg
{
    private readonly Kernel kernel;

    internal Memcg(Kernel kernel, int number, Memcg? parent, ObjectIds ids)
    {
        this.kernel = kernel;
        Number = number;
        Parent = parent;
        Word = ids.Word(ObjectKind.Memcg, $"memcg{number}");
        MoveLock = ids.Spinlock(ObjectKind.MemcgMoveLock, $"move_lock(memcg{number})");
    }

    /// <summary>Number in programs: memcg0, memcg1 ...</summary>
    public int Number { get; }

    /// <summary>parent_mem_cgroup; null for the first, which stands for the root of this world.</summary>
    public Memcg? Parent { get; }

    /// <summary>Its state and counters, as an object of points.</summary>
    public Word Word { get; }

    /// <summary>memcg->move_lock (until v6.12): held by who moves charges away, and by lock_page_memcg.</summary>
    public KernelSpinlock MoveLock { get; }

    /// <summary>memcg->moving_account (until v6.12): how many are moving charges away.</summary>
    public int MovingAccount { get; set; }

    /// <summary>CSS_ONLINE: until rmdir. Folios and swap slots may stay charged afterwards.</summary>
    public bool Online { get; private set; }

    /// <summary>memcg->memory.usage: pages, those of the children included.</summary>
    public int Usage { get; private set; }

    /// <summary>memcg->swap.usage: slots, those of the children included.</summary>
    public int SwapUsage { get; private set; }

    /// <summary>References of swap slots on its id (memcg->id.ref, without the one that it has while it is
    /// online).</summary>
    public int IdReferences { get; private set; }

    /// <summary>NR_ANON_MAPPED of this memcg alone.</summary>
    public int AnonMapped { get; private set; }

    /// <summary>NR_FILE_MAPPED of this memcg alone.</summary>
    public int FileMapped { get; private set; }

    /// <summary>Ground truth: pages of the folios whose memcg_data names it or a child.</summary>
    public int TruthCharged { get; private set; }

    /// <summary>page_counter_charge, up the hierarchy.</summary>
    public void Charge(int pages)
    {
        for (Memcg? memcg = this; memcg is not null; memcg = memcg.Parent)
        {
            memcg.Usage += pages;
        }
    }

    /// <summary>page_counter_uncharge, up the hierarchy.</summary>
    public void Uncharge(int pages)
    {
        for (Memcg? memcg = this; memcg is not null; memcg = memcg.Parent)
        {
            memcg.Usage -= pages;
            kernel.BugOn(memcg.Usage < 0, "page_counter underflow", "page_counter_cancel", memcg);
        }
    }

    /// <summary>page_counter_charge of memcg->swap, and a reference on the id for each slot.</summary>
    public void ChargeSwap(int slots)
    {
        IdReferences += slots;
        for (Memcg? memcg = this; memcg is not null; memcg = memcg.Parent)
        {
            memcg.SwapUsage += slots;
        }
    }

    /// <summary>page_counter_uncharge of memcg->swap, and the references on the id.</summary>
    public void UnchargeSwap(int slots)
    {
        IdReferences -= slots;
        for (Memcg? memcg = this; memcg is not null; memcg = memcg.Parent)
        {
            memcg.SwapUsage -= slots;
            kernel.BugOn(memcg.SwapUsage < 0, "page_counter underflow", "page_counter_cancel", memcg);
        }
    }

    /// <summary>__mod_lruvec_state: NR_ANON_MAPPED or NR_FILE_MAPPED changes on behalf of a folio. The kernel looks at
    /// no underflow.</summary>
    public void ModifyMapped(Folio folio, int pages)
    {
        if (folio.Anon)
        {
            AnonMapped += pages;
        }
        else
        {
            FileMapped += pages;
        }

        folio.TruthBook(this, pages);
    }

    /// <summary>Ground truth: pages that __folio_mod_stat knowingly left out of the statistics of large folios, where
    /// several rmap functions overtake each other; the drift stays.</summary>
    public int TruthClamped { get; private set; }

    /// <summary>Ground truth: so many pages of the folio are counted too many, or too few.</summary>
    public void TruthClamp(Folio folio, int pages)
    {
        TruthClamped += pages;
        folio.TruthBook(this, -pages);
    }

    /// <summary>The memcg goes offline: css_tryget_online fails from now on.</summary>
    public void SetOffline() => Online = false;

    /// <inheritdoc />
    public override string ToString() => $"memcg{Number}";

    /// <summary>Ground truth: a folio's memcg_data began or ceased to name it.</summary>
    internal void TruthCharge(int pages)
    {
        for (Memcg? memcg = this; memcg is not null; memcg = memcg.Parent)
        {
            memcg.TruthCharged += pages;
        }
    }

    internal void Reset()
    {
        MoveLock.Reset();
        MovingAccount = 0;
        Online = true;
        Usage = 0;
        SwapUsage = 0;
        IdReferences = 0;
        TruthClamped = 0;
        AnonMapped = 0;
        FileMapped = 0;
        TruthCharged = 0;
    }
}

/// <summary>The memcgs of one world: memcg0, where the first process starts, and its children.</summary>
public sealed class MemcgTree
{
    /// <summary>Most memcgs.</summary>
    public const int Max = 3;

    private readonly Memcg[] all = new Memcg[Max];

    internal MemcgTree(Kernel kernel, ObjectIds ids)
    {
        Mutex = ids.Rwsem(ObjectKind.CgroupMutex, "cgroup_mutex");
        for (int number = 0; number < Max; number++)
        {
            all[number] = new Memcg(kernel, number, number == 0 ? null : all[0], ids);
        }
    }

    /// <summary>cgroup_mutex; only ever taken for writing.</summary>
    public Rwsem Mutex { get; }

    /// <summary>Number of memcgs in this execution.</summary>
    public int Count { get; private set; } = 1;

    /// <summary>Whether there is more than one: else nobody can tell when something is charged or counted, and there
    /// are no steps for it.</summary>
    public bool Matter => Count > 1;

    /// <summary>memcg0: the root of this world; it never goes away.</summary>
    public Memcg Root => all[0];

    /// <summary>The memcgs of this execution.</summary>
    public ReadOnlySpan<Memcg> All => all.AsSpan(0, Count);

    /// <summary>The memcg of that number.</summary>
    public Memcg this[int number] => all[number];

    internal void Reset(int count)
    {
        Count = count;
        Mutex.Reset();
        foreach (Memcg memcg in All)
        {
            memcg.Reset();
        }
    }
}
