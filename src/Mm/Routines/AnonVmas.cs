using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>The life of an anon_vma: prepare, clone, fork, unlink, put (mm/rmap.c, v6.18).</summary>
/// <remarks>
/// Left out: taking the anon_vma of a neighbouring VMA (find_mergeable_anon_vma): VMAs that could share one have one
/// each here, which is what the kernel does when flags differ.
/// </remarks>
public class AnonVmas : Routine
{
    protected static readonly Point PrepareLook =
        Points.Define("AnonVmaPrepareLook", "__anon_vma_prepare", Access.Read);
    protected static readonly Point PrepareLock =
        Points.Define("AnonVmaPrepareLock", "__anon_vma_prepare", Access.Acquire);
    protected static readonly Point PrepareLink =
        Points.Define("AnonVmaPrepareLink", "__anon_vma_prepare", Access.Write);
    protected static readonly Point CloneLock = Points.Define("AnonVmaCloneLock", "anon_vma_clone", Access.Acquire);
    protected static readonly Point ForkLock = Points.Define("AnonVmaForkLock", "anon_vma_fork", Access.Acquire);
    protected static readonly Point UnlinkLock = Points.Define("AnonVmaUnlinkLock", "unlink_anon_vmas", Access.Acquire);
    protected static readonly Point PutPoint = Points.Define("AnonVmaPut", "put_anon_vma", Access.Rmw);
    protected static readonly Point FreeTest = Points.Define("AnonVmaFreeTestLocked", "anon_vma_free", Access.Read);
    protected static readonly Point FreeWait = Points.Define("AnonVmaFreeWait", "anon_vma_free", Access.Acquire);
    protected static readonly Point FreePoint = Points.Define("AnonVmaFree", "anon_vma_free", Access.Write);

    /// <summary>__anon_vma_prepare: gives the VMA an anon_vma unless another thread was quicker. The mmap lock is
    /// held.</summary>
    public virtual async Flow Prepare(Cpu cpu, Vma vma)
    {
        await cpu.At(PrepareLook, vma.Lock);
        if (vma.AnonVma is not null)
        {
            return;
        }

        AnonVma fresh = K.AllocateAnonVma();
        fresh.Children = 1;
        await fresh.Rwsem.AcquireWrite(cpu, PrepareLock);
        await cpu.At(PrepareLink, vma.Lock);
        bool won = vma.AnonVma is null;
        if (won)
        {
            vma.AnonVma = fresh;
            Link(vma, fresh);
            fresh.ActiveVmas++;
        }

        fresh.Rwsem.ReleaseWrite(cpu);
        if (!won)
        {
            await Put(cpu, fresh);
        }
    }

    /// <summary>anon_vma_clone: the VMA gets links to everything that <paramref name="source"/> is linked to.</summary>
    /// <param name="cpu">The lane.</param>
    /// <param name="vma">The new VMA.</param>
    /// <param name="source">The VMA it is made from.</param>
    /// <param name="forFork">Whether an idle anon_vma may become the new VMA's own (fork), or it keeps the source's
    /// (split).</param>
    public virtual async Flow Clone(Cpu cpu, Vma vma, Vma source, bool forFork)
    {
        if (source.Chain.Count == 0)
        {
            return;
        }

        AnonVma root = source.Chain[0].AnonVma.Root;
        await root.Rwsem.AcquireWrite(cpu, CloneLock);
        for (int i = 0; i < source.Chain.Count; i++)
        {
            AnonVma anonVma = source.Chain[CloneOrder(i, source.Chain.Count)].AnonVma;
            Link(vma, anonVma);
            bool idle = anonVma.Children < 2 && anonVma.ActiveVmas == 0;
            if (forFork && vma.AnonVma is null && idle)
            {
                vma.AnonVma = anonVma;
            }
        }

        if (vma.AnonVma is not null)
        {
            vma.AnonVma.ActiveVmas++;
            Touch(vma.AnonVma);
        }

        root.Rwsem.ReleaseWrite(cpu);
    }

    /// <summary>Which of so many links, oldest first, is cloned as number <paramref name="number"/>: the copy is in the
    /// same order, and the oldest anon_vma that is idle is reused.</summary>
    protected virtual int CloneOrder(int number, int count) => number;

    /// <summary>anon_vma_fork: links to all of the parent's, then an own one below the parent's unless an idle one was
    /// reused.</summary>
    public virtual async Flow ForkInto(Cpu cpu, Vma child, Vma parent)
    {
        child.AnonVma = null;
        if (parent.AnonVma is null)
        {
            return;
        }

        await Clone(cpu, child, parent, forFork: true);
        if (child.AnonVma is not null)
        {
            return;
        }

        AnonVma own = K.AllocateAnonVma();
        own.ActiveVmas = 1;
        own.Root = parent.AnonVma.Root;
        own.Parent = parent.AnonVma;
        own.Root.Refcount++;
        child.AnonVma = own;
        await own.Root.Rwsem.AcquireWrite(cpu, ForkLock);
        Link(child, own);
        own.Parent.Children++;
        own.Root.Rwsem.ReleaseWrite(cpu);
    }

    /// <summary>unlink_anon_vmas: takes the VMA out of every tree, then drops the anon_vmas that nobody is in any
    /// more.</summary>
    public virtual async Flow Unlink(Cpu cpu, Vma vma)
    {
        if (vma.Chain.Count == 0)
        {
            return;
        }

        AnonVma root = vma.Chain[0].AnonVma.Root;
        await root.Rwsem.AcquireWrite(cpu, UnlinkLock);
        for (int i = vma.Chain.Count - 1; i >= 0; i--)
        {
            AnonVmaChain chain = vma.Chain[i];
            AnonVma anonVma = chain.AnonVma;
            anonVma.Tree.Remove(chain);
            Touch(anonVma);
            if (anonVma.Tree.Count == 0)
            {
                anonVma.Parent.Children--;
                continue;
            }

            vma.Chain.RemoveAt(i);
            K.FreeChain(chain);
        }

        if (vma.AnonVma is not null)
        {
            vma.AnonVma.ActiveVmas--;
            vma.AnonVma = null;
        }

        root.Rwsem.ReleaseWrite(cpu);
        for (int i = vma.Chain.Count - 1; i >= 0; i--)
        {
            AnonVma anonVma = vma.Chain[i].AnonVma;
            K.BugOn(anonVma.Children != 0, "VM_WARN_ON(anon_vma->num_children)", "unlink_anon_vmas", anonVma);
            K.BugOn(anonVma.ActiveVmas != 0, "VM_WARN_ON(anon_vma->num_active_vmas)", "unlink_anon_vmas", anonVma);
            await Put(cpu, anonVma);
            K.FreeChain(vma.Chain[i]);
            vma.Chain.RemoveAt(i);
        }
    }

    /// <summary>put_anon_vma.</summary>
    public virtual async Flow Put(Cpu cpu, AnonVma anonVma)
    {
        await cpu.At(PutPoint, anonVma.Word);
        Touch(anonVma);
        if (--anonVma.Refcount == 0)
        {
            await FreeLast(cpu, anonVma);
        }
    }

    /// <summary>__put_anon_vma: frees one whose last reference is gone, and its root if that was the root's last
    /// too.</summary>
    public virtual async Flow FreeLast(Cpu cpu, AnonVma anonVma)
    {
        AnonVma root = anonVma.Root;
        await FreeOne(cpu, anonVma);
        if (root != anonVma)
        {
            await cpu.At(PutPoint, root.Word);
            Touch(root);
            if (--root.Refcount == 0)
            {
                await FreeOne(cpu, root);
            }
        }
    }

    protected virtual async Flow FreeOne(Cpu cpu, AnonVma anonVma)
    {
        K.BugOn(anonVma.Refcount != 0, "VM_BUG_ON(atomic_read(&anon_vma->refcount))", "anon_vma_free", anonVma);
        await cpu.At(FreeTest, anonVma.Root.Rwsem);
        if (anonVma.Root.Rwsem.IsLocked)
        {
            // A reader may have won the trylock just before the count reached 0: wait until it has looked and left.
            await anonVma.Root.Rwsem.AcquireWrite(cpu, FreeWait);
            anonVma.Root.Rwsem.ReleaseWrite(cpu);
        }

        await cpu.At(FreePoint, anonVma.Word);
        K.FreeAnonVma(anonVma);
    }

    private void Link(Vma vma, AnonVma anonVma)
    {
        AnonVmaChain chain = K.AllocateChain();
        chain.Vma = vma;
        chain.AnonVma = anonVma;
        vma.Chain.Add(chain);
        anonVma.Tree.Add(chain);
        Touch(anonVma);
    }

    private void Touch(AnonVma anonVma) => K.Touched.AnonVmas |= 1UL << anonVma.Number;
}
