namespace Mm.State;

/// <summary>The page allocator: order-0 frames last freed first, as from the per-cpu lists; blocks of higher orders
/// (mm/page_alloc.c, v6.18).</summary>
/// <remarks>
/// Fresh memory is handed out from the lowest frame up. A freed block of an order is taken again for that order or
/// broken for smaller ones; single frames are merged only when a block is wanted and no other is left. Left out: zones,
/// watermarks, migrate types, which choose another free frame and change no law.
/// </remarks>
public sealed class FrameAllocator
{
    /// <summary>MAX_PAGE_ORDER.</summary>
    public const int OrderMax = 10;

    private readonly Kernel kernel;
    private readonly Stack<int>[] free = new Stack<int>[OrderMax + 1];

    internal FrameAllocator(Kernel kernel)
    {
        this.kernel = kernel;
        for (int order = 0; order <= OrderMax; order++)
        {
            free[order] = new Stack<int>();
        }
    }

    /// <summary>Frames below this one have been handed out at least once.</summary>
    public int Used { get; private set; }

    /// <summary>The first frame of a free block of 2^order frames; -1 when there is none.</summary>
    public int Take(int order)
    {
        if (free[order].TryPop(out int block))
        {
            return block;
        }

        block = TakeFresh(order);
        if (block >= 0)
        {
            return block;
        }

        for (int larger = order + 1; larger <= OrderMax; larger++)
        {
            if (free[larger].TryPop(out block))
            {
                return Break(block, larger, order);
            }
        }

        return order > 0 ? Merge(order) : -1;
    }

    /// <summary>Gives a block back.</summary>
    public void Give(int block, int order) => free[order].Push(block);

    internal void Reset()
    {
        Used = 0;
        foreach (Stack<int> blocks in free)
        {
            blocks.Clear();
        }
    }

    private int TakeFresh(int order)
    {
        int size = 1 << order;
        int block = (Used + size - 1) & -size;
        if (block + size > kernel.Folios.Length)
        {
            return -1;
        }

        // What lies below the aligned block is left for order 0; the lowest on top.
        for (int skipped = block - 1; skipped >= Used; skipped--)
        {
            free[0].Push(skipped);
        }

        Used = block + size;
        return block;
    }

    private int Break(int block, int from, int to)
    {
        for (int order = from - 1; order >= to; order--)
        {
            free[order].Push(block + (1 << order));
        }

        return block;
    }

    /// <summary>Builds a block of single free frames; the lowest that can be had.</summary>
    private int Merge(int order)
    {
        int size = 1 << order;
        for (int block = 0; block + size <= Used; block += size)
        {
            int found = 0;
            foreach (int frame in free[0])
            {
                found += frame >= block && frame < block + size ? 1 : 0;
            }

            if (found == size)
            {
                Remove(block, size);
                return block;
            }
        }

        return -1;
    }

    private void Remove(int block, int size)
    {
        int[] frames = [.. free[0]];
        free[0].Clear();
        for (int i = frames.Length - 1; i >= 0; i--)
        {
            if (frames[i] < block || frames[i] >= block + size)
            {
                free[0].Push(frames[i]);
            }
        }
    }
}
