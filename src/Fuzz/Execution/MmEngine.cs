using Fuzz.Oracles;
using Fuzz.Programs;
using Interleave;
using Mm.History;
using Mm.Routines;
using Mm.State;

namespace Fuzz.Execution;

/// <summary>The folio engine with its oracles: v6.18, changed by variants.</summary>
public sealed class MmEngine : IEngine
{
    private readonly OracleSet oracles;

    /// <summary>An engine.</summary>
    /// <param name="variants">Names of <see cref="VariantCatalog"/>.</param>
    /// <exception cref="ArgumentException">A name is unknown, or two variants replace one routine.</exception>
    public MmEngine(params IEnumerable<string> variants)
    {
        Variants = [.. variants];
        Kernel = new Kernel([.. Variants.Select(name => VariantCatalog.Get(name).Create())]);
        Verdict = new Verdict();
        oracles = new OracleSet(Kernel, Verdict);
    }

    /// <summary>The variants in force.</summary>
    [field: NotState("the same in all states")]
    public IReadOnlyList<string> Variants { get; }

    /// <summary>The kernel.</summary>
    public Kernel Kernel { get; }

    /// <inheritdoc />
    public Language Language => MmLanguage.Instance;

    /// <inheritdoc />
    public Machine Machine => Kernel.Machine;

    /// <inheritdoc />
    public Verdict Verdict { get; }

    /// <summary>How many pages a page of a call stands for, as a power of two; 0 unless said, and from the next reset
    /// on. Then a shape's pages and pages per PMD entry are so many times as many; a call that names a range is
    /// about all of its pages, and one that names a page about the first of them: small programs for the PMD entries of
    /// hardware. Pages of files stay what they are.</summary>
    [field: NotState("the same in all states")]
    public int Stretch { get; set; }

    /// <summary>Swap slots from the next reset on, in place of the shape's; null for those of the shape.</summary>
    [field: NotState("the same in all states")]
    public int? Slots { get; set; }

    private RoutineTable R => Kernel.R;

    /// <inheritdoc />
    public void Reset(int[] shape)
    {
        Kernel.Reset(
            shape[MmLanguage.Mms], shape[MmLanguage.Pages] << Stretch, Slots ?? shape[MmLanguage.Slots],
            shape[MmLanguage.Device] == 1, shape[MmLanguage.Pmd] + Stretch, shape[MmLanguage.Memcgs],
            (ThpPolicy)shape[MmLanguage.Thp], shape[MmLanguage.Files], shape[MmLanguage.FileType] == 0,
            shape[MmLanguage.FilePages]);
        oracles.Reset();
    }

    /// <inheritdoc />
    public Flow<bool> Run(Cpu cpu, Call call)
    {
        Kernel.Current[cpu.Index] = null;

        if ((MmCall)call.Kind is not (MmCall.Read or MmCall.Write))
        {
            R.Mmu.Evict(cpu);
        }

        switch ((MmCall)call.Kind)
        {
            case MmCall.Swapoff:
                return R.Swapoff.Run(cpu);
            case MmCall.Swapon:
                return R.Swapoff.SwapOn(cpu);
            case MmCall.Reclaim:
                return Scan(cpu, call.A, active: false);
            case MmCall.Age:
                return Scan(cpu, call.A, active: true);
            case MmCall.Compact:
                return R.Migrate.Compact(cpu, call.A);
            case MmCall.Merge:
                return R.Ksm.Merge(
                    cpu, Kernel.Mms[call.A], call.B << Stretch, Kernel.Mms[call.C], call.D << Stretch);
            case MmCall.Drain:
                return R.Lru.Drain(cpu);
            case MmCall.ShrinkThp:
                return ShrinkThp(cpu, call.A);
            case MmCall.Exit:
                return R.AddressSpace.Exit(cpu, Kernel.Mms[call.A]);
            case MmCall.Dma:
                return R.Gup.Dma(cpu, Kernel.Mms[call.A], call.B << Stretch);
            case MmCall.PutPage:
                return R.PageGet.Put(cpu, Kernel.Mms[call.A], call.B << Stretch);
            case MmCall.Unpin:
                return R.Gup.UnpinPage(cpu, Kernel.Mms[call.A], call.B << Stretch);
            case MmCall.Attach:
                return R.Cgroups.AttachTask(cpu, Kernel.Mms[call.A], Kernel.Memcgs[call.B]);
            case MmCall.Offline:
                return R.Cgroups.Offline(cpu, Kernel.Memcgs[call.A]);
            case MmCall.Truncate:
                return R.Truncate.Resize(cpu, File(call.A), Math.Min(call.B, (byte)Kernel.Files.Pages));
            case MmCall.Punch:
                return R.Truncate.Punch(cpu, File(call.A), call.B, Math.Min(call.B + call.C, Kernel.Files.Pages));
            case MmCall.Invalidate:
                return R.Invalidation.Pages2(cpu, File(call.A), call.B);
            case MmCall.Writeback:
                return R.Writeback.Write(cpu, File(call.A));
            default:
                return RunAsTask(cpu, call);
        }
    }

    /// <inheritdoc />
    public async Flow TearDown(Cpu cpu)
    {
        await R.Gup.ReleaseAllPins(cpu);
        await R.PageGet.PutAll(cpu);
        foreach (MmStruct mm in Kernel.Mms)
        {
            await R.AddressSpace.Exit(cpu, mm);
        }

        for (int number = 0; number < Kernel.Files.Count && Kernel.Files.Used; number++)
        {
            await R.Truncate.Evict(cpu, Kernel.Files[number]);
        }

        if (Kernel.Ksm.Items.Count > 0)
        {
            await R.Ksm.ForgetExited(cpu);
        }

        await R.Lru.DrainAll(cpu);

        // Swap cache folios that nobody maps are left to reclaim: one pass writes or drops them, the next frees them.
        for (int pass = 0; pass < 3 && Linked() is > 0 and int linked; pass++)
        {
            await R.Reclaim.ShrinkActive(cpu, linked);
            await R.Reclaim.ShrinkInactive(cpu, linked, ignoreReferences: true);
        }
    }

    /// <inheritdoc />
    public bool AfterStep(Cpu cpu, Point point)
    {
        bool quiet = oracles.AfterStep(cpu, point);
        Kernel.Touched.Clear();
        return quiet || Verdict.Symptom is null;
    }

    /// <inheritdoc />
    public void AfterAlone(Call call, bool effective)
    {
        AtRest();
        if (Stretch == 0)
        {
            // What manual pages promise of so many pages they do not promise of so many blocks.
            oracles.AfterAlone(call, effective);
        }
    }

    /// <inheritdoc />
    public void AfterKnown()
    {
        oracles.AfterKnown();
        Kernel.Touched.Clear();
    }

    /// <inheritdoc />
    public void AtRest()
    {
        oracles.AtRest();
        Kernel.Touched.Clear();
    }

    /// <inheritdoc />
    public void AtEnd()
    {
        oracles.AtEnd();
        Kernel.Touched.Clear();
    }

    private int Linked()
    {
        int linked = 0;
        foreach (FolioList list in Kernel.Lruvec.Lists)
        {
            linked += list.Count;
        }

        return linked;
    }

    private Inode File(int number)
    {
        Kernel.Files.Used = true;
        return Kernel.Files[number];
    }

    private async Flow<bool> Scan(Cpu cpu, int count, bool active)
    {
        int taken = active
            ? await R.Reclaim.ShrinkActive(cpu, count)
            : await R.Reclaim.ShrinkInactive(cpu, count, ignoreReferences: false);
        return taken > 0;
    }

    /// <summary>shrink_slab of one round: the queue of each memcg that is online.</summary>
    private async Flow<bool> ShrinkThp(Cpu cpu, int count)
    {
        bool any = false;
        for (int number = 0; number < Kernel.Memcgs.Count; number++)
        {
            if (Kernel.Memcgs[number].Online)
            {
                any |= await R.DeferredScan.Shrink(cpu, Kernel.SplitQueues[1 + number], count);
            }
        }

        return any;
    }

    /// <summary>A call that a thread of a process makes: the process cannot go away meanwhile.</summary>
    private async Flow<bool> RunAsTask(Cpu cpu, Call call)
    {
        MmStruct mm = Kernel.Mms[call.A];
        if (!await R.AddressSpace.Enter(cpu, mm))
        {
            return false;
        }

        Kernel.Current[cpu.Index] = mm;
        int page = call.B << Stretch;
        int to = call.C << Stretch;
        int moved = call.D << Stretch;
        int end = Math.Min(page + to, Kernel.PageCount);
        bool effective = (MmCall)call.Kind switch
        {
            MmCall.Read => await R.Fault.UserAccess(cpu, mm, page, write: false),
            MmCall.Write => await R.Fault.UserAccess(cpu, mm, page, write: true),
            MmCall.Readahead => await R.SwapIn.WillNeed(cpu, mm, page),
            MmCall.Fork => call.A != call.B && await R.Fork.Run(cpu, mm, Kernel.Mms[call.B]),
            MmCall.Pageout => await R.Reclaim.Pageout(cpu, mm, page, page + 1),
            MmCall.DontNeed => await R.AddressSpace.DontNeed(cpu, mm, page, end),
            MmCall.Munmap => await R.AddressSpace.Unmap(cpu, mm, page, end),
            MmCall.Map => await R.Mmap.Map(cpu, mm, page, end),
            MmCall.Migrate => await R.Migrate.MovePage(cpu, mm, page),
            MmCall.PageoutRange => await R.Reclaim.Pageout(
                cpu, mm, mm.Table(page).Start, mm.Table(page).End),
            MmCall.Split => await R.Split.SplitPage(cpu, mm, page),
            MmCall.Collapse => await R.Collapse.Run(cpu, mm, page),
            MmCall.Pin => await R.Gup.PinPage(cpu, mm, page, write: false),
            MmCall.Free => await R.MadviseFree.Run(cpu, mm, page, end),
            MmCall.Cold => await R.MadviseCold.Run(cpu, mm, page, end),
            MmCall.DontFork => await R.MadviseFork.Run(cpu, mm, page, end, copy: false),
            MmCall.DoFork => await R.MadviseFork.Run(cpu, mm, page, end, copy: true),
            MmCall.ReadOnly => await R.Mprotect.Run(cpu, mm, page, end, write: false),
            MmCall.Writable => await R.Mprotect.Run(cpu, mm, page, end, write: true),
            MmCall.Mremap => await R.Mremap.Run(cpu, mm, page, to, moved),
            MmCall.Move => await R.UffdMove.Run(cpu, mm, page, to, moved),
            MmCall.Mlock => await R.MlockRange.Run(cpu, mm, page, end, lockIt: true),
            MmCall.Munlock => await R.MlockRange.Run(cpu, mm, page, end, lockIt: false),
            MmCall.GetPage => await R.PageGet.Get(cpu, mm, page),
            MmCall.PinWrite => await R.Gup.PinPage(cpu, mm, page, write: true),
            MmCall.WriteZero => await R.Fault.UserAccess(cpu, mm, page, write: true, zero: true),
            MmCall.Poison => await R.MemoryFailure.Inject(cpu, mm, page),
            MmCall.SoftOffline => await R.SoftOffline.Run(cpu, mm, page),
            MmCall.Unmerge => await R.Ksm.Unmerge(cpu, mm, page, end),
            MmCall.MapShared => await R.Mmap.MapFile(cpu, mm, page, File(call.C), call.D, shared: true),
            MmCall.MapPrivate => await R.Mmap.MapFile(cpu, mm, page, File(call.C), call.D, shared: false),
            _ => false,
        };
        await R.AddressSpace.Mmput(cpu, mm);
        return effective;
    }
}
