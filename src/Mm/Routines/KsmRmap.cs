using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>The reverse map of KSM folios (mm/ksm.c: rmap_walk_ksm, folio_migrate_ksm, v6.18): from the stable node to
/// the addresses that ksmd has merged.</summary>
/// <remarks>
/// What a parent maps since before its child's page was merged is not found: the child's anon_vma does not lead there.
/// Such a folio stays mapped, until ksmd comes by the parent's address.
/// </remarks>
public class KsmRmap : Routine
{
    protected static readonly Point ReadNode = Points.Define("KsmWalkReadNode", "rmap_walk_ksm", Access.Read);
    protected static readonly Point TryRoot = Points.Define("KsmWalkTryLock", "rmap_walk_ksm", Access.Acquire);
    protected static readonly Point LockRoot = Points.Define("KsmWalkLock", "rmap_walk_ksm", Access.Acquire);
    protected static readonly Point MovePfn = Points.Define("KsmMigrateSetPfn", "folio_migrate_ksm", Access.Write);
    protected static readonly Point ClearNode = Points.Define("KsmMigrateClearNode", "folio_migrate_ksm", Access.Write);

    /// <summary>rmap_walk_ksm: first every item's own process, then the others that its anon_vma leads to.</summary>
    public virtual async Flow Walk(Cpu cpu, Folio folio, RmapWalkControl control)
    {
        control.Contended = false;
        K.BugOn(!folio.Has(PageFlag.Locked), "VM_BUG_ON_FOLIO(!folio_test_locked(folio))", "rmap_walk_ksm", folio);
        await cpu.At(ReadNode, folio.MappingWord);
        if (folio.StableNode is not { } node)
        {
            return;
        }

        for (int forks = 0; forks < 2; forks++)
        {
            for (int i = 0; i < node.Items.Count; i++)
            {
                if (!await WalkItem(cpu, folio, node.Items[i], forks != 0, control))
                {
                    return;
                }
            }
        }
    }

    /// <summary>folio_migrate_ksm: the node follows the content; from then on the old folio names none.</summary>
    public virtual async Flow MigrateNode(Cpu cpu, Folio target, Folio source)
    {
        const string Function = "folio_migrate_ksm";
        K.BugOn(!source.Has(PageFlag.Locked), "VM_BUG_ON_FOLIO(!folio_test_locked(folio))", Function, source);
        K.BugOn(!target.Has(PageFlag.Locked), "VM_BUG_ON_FOLIO(!folio_test_locked(newfolio))", Function, target);
        K.BugOn(
            !target.Ksm || target.StableNode != source.StableNode,
            "VM_BUG_ON_FOLIO(newfolio->mapping != folio->mapping)", Function, target);
        if (source.StableNode is not { } node)
        {
            return;
        }

        await cpu.At(MovePfn, node.Word);
        K.BugOn(
            node.Pfn != source.Pfn, "VM_BUG_ON_FOLIO(stable_node->kpfn != folio_pfn(folio))", Function, source);
        node.SetPfn(target.Pfn);
        await cpu.At(ClearNode, source.MappingWord);
        source.SetStableNode(null);
    }

    /// <summary>The VMAs of one item's anon_vma that cover its address. False ends the walk.</summary>
    protected virtual async Flow<bool> WalkItem(
        Cpu cpu, Folio folio, RmapItem item, bool forks, RmapWalkControl control)
    {
        AnonVma anonVma = item.AnonVma!;
        Rwsem semaphore = anonVma.Root.Rwsem;
        if (!control.TryLock)
        {
            await semaphore.AcquireRead(cpu, LockRoot);
        }
        else
        {
            await cpu.At(TryRoot, semaphore);
            if (!semaphore.TryTakeRead(cpu))
            {
                control.Contended = true;
                return false;
            }
        }

        K.BugOn(anonVma.Freed, "BUG: KASAN: slab-use-after-free in rmap_walk_ksm", "rmap_walk_ksm", anonVma);
        bool more = true;
        for (int i = anonVma.After(-1); i >= 0 && more; i = anonVma.After(i))
        {
            Vma vma = anonVma.Tree[i].Vma;
            more = !vma.Covers(item.Page) || item.IsOf(vma.Mm) == forks
                || (await control.One(cpu, folio, vma, item.Page) && !control.Done(folio));
        }

        semaphore.ReleaseRead(cpu);
        return more;
    }
}
