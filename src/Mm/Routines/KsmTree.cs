using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>The stable tree and the items in its nodes (mm/ksm.c, v6.18): ksmd alone works on it, under
/// ksm_thread_mutex.</summary>
/// <remarks>
/// A list of items changes under the lock of the node's folio, as the reverse map reads it under that lock. Left out:
/// the order of the tree (every live node is compared in turn), chains, NUMA.
/// </remarks>
public class KsmTree : Routine
{
    protected static readonly Point ReadPfn = Points.Define("KsmReadPfn", "ksm_get_folio", Access.Read);
    protected static readonly Point TestMapping = Points.Define("KsmTestMapping", "ksm_get_folio", Access.Read);
    protected static readonly Point TryGet = Points.Define("KsmTryGet", "ksm_get_folio", Access.Rmw);
    protected static readonly Point TestFrozen = Points.Define("KsmTestFrozen", "ksm_get_folio", Access.Read);
    protected static readonly Point SpinFrozen = Points.Define("KsmSpinFrozen", "ksm_get_folio", Access.Read);
    protected static readonly Point Recheck = Points.Define("KsmRecheckMapping", "ksm_get_folio", Access.Read);
    protected static readonly Point RecheckLocked =
        Points.Define("KsmRecheckMappingLocked", "ksm_get_folio", Access.Read);
    protected static readonly Point TestMoved = Points.Define("KsmTestMoved", "ksm_get_folio", Access.Read);
    protected static readonly Point Compare = Points.Define("KsmCompareStable", "stable_tree_search", Access.Read);
    protected static readonly Point TestForked = Points.Define("KsmTestForked", "stable_tree_search", Access.Read);
    protected static readonly Point GetForked = Points.Define("KsmGetForked", "stable_tree_search", Access.Rmw);
    protected static readonly Point SetNode = Points.Define("KsmSetNode", "stable_tree_insert", Access.Write);
    protected static readonly Point Append = Points.Define("KsmAppendItem", "stable_tree_append", Access.Write);
    protected static readonly Point Unlink =
        Points.Define("KsmUnlinkItem", "remove_rmap_item_from_tree", Access.Write);
    protected static readonly Point Drop = Points.Define("KsmDropNode", "remove_node_from_stable_tree", Access.Write);

    private readonly FreezeOver[] waits = new FreezeOver[Kernel.CpusMax];

    /// <summary>enum ksm_get_folio_flags.</summary>
    public enum Lock
    {
        /// <summary>KSM_GET_FOLIO_NOLOCK: a reference is enough.</summary>
        None,

        /// <summary>KSM_GET_FOLIO_LOCK.</summary>
        Sleep,

        /// <summary>KSM_GET_FOLIO_TRYLOCK.</summary>
        Try,
    }

    /// <summary>stable_tree_search: the stable folio with the same content as this one, with a
    /// <see cref="Holder.Lookup"/> reference.</summary>
    /// <returns>The folio or null; and whether it was there but locked (-EBUSY).</returns>
    public virtual async Flow<(Folio? Folio, bool Busy)> Search(Cpu cpu, Folio folio)
    {
        await cpu.At(TestForked, folio.MappingWord);
        if (folio.StableNode is not null)
        {
            await cpu.At(GetForked, folio.RefcountWord);
            folio.Get(Holder.Lookup);
            return (folio, false);
        }

        for (int i = 0; i < K.Ksm.Nodes.Length; i++)
        {
            StableNode node = K.Ksm.Nodes[i];
            if (!node.Live || !await IsSame(cpu, folio, node) || !IsSharingCandidate(node))
            {
                continue;
            }

            (Folio? found, bool busy) = await LockUnlock(cpu, node);
            if (found is not null || busy)
            {
                return (found, busy);
            }
        }

        return (null, false);
    }

    /// <summary>The end of the search: locks and unlocks the folio of the node, so that a migration that comes later
    /// is sure to see the raised count.</summary>
    protected virtual async Flow<(Folio? Folio, bool Busy)> LockUnlock(Cpu cpu, StableNode node)
    {
        (Folio? found, bool busy) = await GetFolio(cpu, node, Lock.Try);
        if (found is not null)
        {
            await R.Locking.Unlock(cpu, found);
        }

        return (found, busy);
    }

    /// <summary>ksm_get_folio, the keyhole: from a node to its folio with a <see cref="Holder.Lookup"/> reference. A
    /// node whose folio is gone is freed.</summary>
    /// <returns>The folio, locked if asked for, or null; and whether the lock was not to be had.</returns>
    public virtual async Flow<(Folio? Folio, bool Busy)> GetFolio(Cpu cpu, StableNode node, Lock mode)
    {
        while (true)
        {
            await cpu.At(ReadPfn, node.Word);
            ushort pfn = node.Pfn;
            Folio folio = K.Folios[pfn];
            if (await TryGetFolio(cpu, node, folio))
            {
                if (mode == Lock.Try && !await R.Locking.TryLock(cpu, folio))
                {
                    await R.Free.Put(cpu, folio, Holder.Lookup);
                    return (null, true);
                }

                if (mode == Lock.None || await LockNamed(cpu, node, folio, mode))
                {
                    return (folio, false);
                }
            }

            await cpu.At(TestMoved, node.Word);
            if (node.Pfn == pfn)
            {
                await RemoveNode(cpu, node);
                return (null, false);
            }
        }
    }

    /// <summary>stable_tree_insert: a node for a locked KSM folio; null when memory is out.</summary>
    public virtual async Flow<StableNode?> Insert(Cpu cpu, Folio folio)
    {
        for (int i = 0; i < K.Ksm.Nodes.Length; i++)
        {
            if (K.Ksm.Nodes[i].Live)
            {
                // It looks for its place; a stale node on the way is dropped. What is equal would become a chain.
                await IsSame(cpu, folio, K.Ksm.Nodes[i]);
            }
        }

        if (K.Ksm.AllocateNode() is not { } node)
        {
            return null;
        }

        node.SetPfn(folio.Pfn);
        await cpu.At(SetNode, folio.MappingWord);
        folio.SetStableNode(node);
        return node;
    }

    /// <summary>stable_tree_append: the node's folio is locked.</summary>
    public virtual async Flow AppendItem(Cpu cpu, RmapItem item, StableNode node)
    {
        await cpu.At(Append, node.Word);
        item.Head = node;
        node.Items.Insert(0, item);
    }

    /// <summary>remove_rmap_item_from_tree: takes an item out of its node's list, if it is in one.</summary>
    public virtual async Flow RemoveItem(Cpu cpu, RmapItem item)
    {
        if (item.Head is not { } node)
        {
            return;
        }

        (Folio? folio, _) = await GetFolio(cpu, node, Lock.Sleep);
        if (folio is null)
        {
            // The node was stale, and its end was that of all its items' places in it.
            return;
        }

        await cpu.At(Unlink, node.Word);
        node.Items.Remove(item);
        await R.Locking.Unlock(cpu, folio);
        await R.Free.Put(cpu, folio, Holder.Lookup);
        item.Head = null;
        await PutAnonVma(cpu, item);
    }

    /// <summary>put_anon_vma of an item.</summary>
    public virtual async Flow PutAnonVma(Cpu cpu, RmapItem item)
    {
        AnonVma anonVma = item.AnonVma!;
        item.AnonVma = null;
        anonVma.TruthItems--;
        await R.AnonVmas.Put(cpu, anonVma);
    }

    /// <summary>remove_node_from_stable_tree: nobody can come to the node any more.</summary>
    protected virtual async Flow RemoveNode(Cpu cpu, StableNode node)
    {
        for (int i = 0; i < node.Items.Count; i++)
        {
            node.Items[i].Head = null;
            await PutAnonVma(cpu, node.Items[i]);
        }

        await cpu.At(Drop, node.Word);
        K.Ksm.FreeNode(node);
    }

    /// <summary>Takes a reference on what the frame holds, if that is the node's folio before and after.</summary>
    protected virtual async Flow<bool> TryGetFolio(Cpu cpu, StableNode node, Folio folio)
    {
        await cpu.At(TestMapping, folio.MappingWord);
        if (folio.StableNode != node)
        {
            return false;
        }

        while (true)
        {
            await cpu.At(TryGet, folio.RefcountWord);
            if (folio.TryGet(Holder.Lookup))
            {
                break;
            }

            await cpu.At(TestFrozen, folio.FlagsWord);
            if (!folio.Has(PageFlag.Swapcache))
            {
                return false;
            }

            // The kernel spins until the freeze is over.
            FreezeOver wait = waits[cpu.Index] ??= new FreezeOver();
            wait.Folio = folio;
            await cpu.At(SpinFrozen, folio.RefcountWord, wait);
        }

        await cpu.At(Recheck, folio.MappingWord);
        if (folio.StableNode == node)
        {
            return true;
        }

        await R.Free.Put(cpu, folio, Holder.Lookup);
        return false;
    }

    /// <summary>The folio lock, and a third look at the mapping. False: the reference is gone again.</summary>
    protected virtual async Flow<bool> LockNamed(Cpu cpu, StableNode node, Folio folio, Lock mode)
    {
        if (mode == Lock.Sleep)
        {
            await R.Locking.Lock(cpu, folio);
        }

        await cpu.At(RecheckLocked, folio.MappingWord);
        if (folio.StableNode == node)
        {
            return true;
        }

        await R.Locking.Unlock(cpu, folio);
        await R.Free.Put(cpu, folio, Holder.Lookup);
        return false;
    }

    /// <summary>is_page_sharing_candidate: a page that no item is about any more, as it is only in the swap cache, is
    /// going to be freed soon.</summary>
    protected virtual bool IsSharingCandidate(StableNode node) => node.Items.Count > 0;

    /// <summary>Whether the content of a stable folio may be looked at. Nobody asks whether it is poisoned.</summary>
    protected virtual bool IsReadable(Folio folio) => true;

    private async Flow<bool> IsSame(Cpu cpu, Folio folio, StableNode node)
    {
        (Folio? other, _) = await GetFolio(cpu, node, Lock.None);
        if (other is null)
        {
            return false;
        }

        await cpu.At(Compare, other.DataWord);
        bool same = IsReadable(other) && folio.Data == other.Data;
        await R.Free.Put(cpu, other, Holder.Lookup);
        return same;
    }

    private sealed class FreezeOver : IWaitable
    {
        public Folio Folio { get; set; } = null!;

        public bool IsReady(Cpu cpu) => Folio.Refcount != 0 || !Folio.Has(PageFlag.Swapcache);

        public void Blockers(Cpu cpu, ICollection<Cpu> into)
        {
        }
    }
}
