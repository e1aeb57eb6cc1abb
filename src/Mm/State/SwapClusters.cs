namespace Mm.State;

/// <summary>Where the next slots of a swap device of whole clusters are taken (mm/swapfile.c: swap_alloc_fast,
/// cluster_alloc_swap_entry, alloc_swap_scan_cluster; v6.18, one cpu, no discards).</summary>
/// <remarks>
/// Which slots are taken makes no difference to any law, but slots that follow each other come back as one folio: with
/// this the engine has them where a kernel has. A cluster belongs to the order of its first slots until it is empty;
/// each order goes on where it took the last. Left out: stealing from other orders, as there always is an empty
/// cluster.
/// </remarks>
internal sealed class SwapClusters
{
    /// <summary>SWAPFILE_CLUSTER.</summary>
    public const int Size = 512;

    private readonly int[] used;
    private readonly int[] orders;
    private readonly List<int>?[] on;
    private readonly List<int> free = [];
    private readonly List<int> full = [];
    private readonly List<int>[] nonfull = Lists();
    private readonly List<int>[] fragmented = Lists();
    private readonly int[] next = new int[FrameAllocator.OrderMax + 1];

    /// <summary>Clusters that are all empty.</summary>
    public SwapClusters(int slots)
    {
        used = new int[slots / Size];
        orders = new int[used.Length];
        on = new List<int>?[used.Length];
        Array.Fill(next, -1);
        for (int cluster = 0; cluster < used.Length; cluster++)
        {
            Move(cluster, free);
        }
    }

    /// <summary>The first of 2^order free slots; -1 when there are none.</summary>
    public int Find(SwapDevice device, int order)
    {
        int at = next[order];
        if (at >= 0)
        {
            int cluster = at / Size;
            if (order == 0 || used[cluster] == 0 || orders[cluster] == order)
            {
                int found = Scan(device, cluster, used[cluster] == 0 ? cluster * Size : at, order);
                if (found >= 0)
                {
                    return found;
                }
            }
        }

        foreach (List<int> list in (List<int>[])[nonfull[order], free, fragmented[order]])
        {
            // What has no room goes to the list of the fragmented ones, of which one is enough.
            for (bool go = list.Count > 0; go; go = list.Count > 0 && list != fragmented[order])
            {
                int cluster = list[0];
                int found = Scan(device, cluster, cluster * Size, order);
                if (found >= 0)
                {
                    return found;
                }
            }
        }

        return -1;
    }

    /// <summary>swap_range_free, of one slot.</summary>
    public void Freed(int slot)
    {
        int cluster = slot / Size;
        List<int> list = --used[cluster] == 0 ? free : nonfull[orders[cluster]];
        if (on[cluster] != list)
        {
            Move(cluster, list);
        }
    }

    private static List<int>[] Lists() =>
        [.. Enumerable.Range(0, FrameAllocator.OrderMax + 1).Select(static _ => new List<int>())];

    /// <summary>alloc_swap_scan_cluster: from a slot on to the cluster's end. The cluster is on another list
    /// afterwards.</summary>
    private int Scan(SwapDevice device, int cluster, int slot, int order)
    {
        int pages = 1 << order;
        int end = (cluster + 1) * Size;
        int found = -1;
        next[order] = -1;
        for (; slot + pages <= end && found < 0; slot += pages)
        {
            found = device.AreFree(slot, pages) ? slot : -1;
        }

        if (found >= 0)
        {
            orders[cluster] = used[cluster] == 0 ? order : orders[cluster];
            used[cluster] += pages;
            next[order] = used[cluster] < Size && slot + pages <= end ? slot : -1;
        }

        Move(cluster, used[cluster] == 0 ? free : used[cluster] == Size ? full : fragmented[orders[cluster]]);
        return found;
    }

    private void Move(int cluster, List<int> list)
    {
        on[cluster]?.Remove(cluster);
        list.Add(cluster);
        on[cluster] = list;
    }
}
