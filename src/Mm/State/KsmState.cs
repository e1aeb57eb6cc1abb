using Interleave;

namespace Mm.State;

/// <summary>What ksmd knows: its mutex, the stable tree, and the addresses it has come by (mm/ksm.c, v6.18).</summary>
public sealed class KsmState
{
    /// <summary>Most stable nodes; an allocation beyond fails, as it may in the kernel.</summary>
    public const int NodesMax = 8;

    private readonly StableNode[] nodes = new StableNode[NodesMax];
    private readonly Stack<RmapItem> freeItems = new();
    private bool used;

    internal KsmState(Kernel kernel, ObjectIds ids)
    {
        Mutex = ids.Rwsem(ObjectKind.KsmMutex, "ksm_thread_mutex");
        for (int i = 0; i < NodesMax; i++)
        {
            nodes[i] = new StableNode(kernel, i, ids.Word(ObjectKind.StableNode, $"stable node {i}"));
        }
    }

    /// <summary>ksm_thread_mutex: one merger at a time.</summary>
    public Rwsem Mutex { get; }

    /// <summary>The slab of stable nodes; those that are live are the stable tree.</summary>
    public ReadOnlySpan<StableNode> Nodes => nodes;

    /// <summary>The addresses that ksmd knows, oldest first.</summary>
    public List<RmapItem> Items { get; } = [];

    /// <summary>The item of an address, or null.</summary>
    public RmapItem? Find(MmStruct mm, int page)
    {
        foreach (RmapItem item in Items)
        {
            if (item.Page == page && item.IsOf(mm))
            {
                return item;
            }
        }

        return null;
    }

    /// <summary>A fresh item.</summary>
    public RmapItem AddItem(MmStruct mm, int page)
    {
        used = true;
        RmapItem item = freeItems.TryPop(out RmapItem? old) ? old : new RmapItem();
        item.Set(mm, page);
        Items.Add(item);
        return item;
    }

    /// <summary>Frees an item that is in no list.</summary>
    public void RemoveItem(RmapItem item)
    {
        Items.Remove(item);
        freeItems.Push(item);
    }

    /// <summary>A fresh node, or null.</summary>
    public StableNode? AllocateNode()
    {
        foreach (StableNode node in nodes)
        {
            if (!node.Live)
            {
                node.Live = true;
                return node;
            }
        }

        return null;
    }

    /// <summary>Frees a node.</summary>
    public void FreeNode(StableNode node)
    {
        node.Live = false;
        node.Items.Clear();
        node.SetPfn(node.Pfn);
    }

    internal void Reset()
    {
        // An execution that was ended may have got no further than the mutex.
        Mutex.Reset();
        if (!used)
        {
            return;
        }

        used = false;
        foreach (RmapItem item in Items)
        {
            freeItems.Push(item);
        }

        Items.Clear();
        foreach (StableNode node in nodes)
        {
            node.Reset();
        }
    }
}
