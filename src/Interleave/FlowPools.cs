namespace Interleave;

/// <summary>The suspended-routine boxes of one machine that are free, by the type of their state machine.</summary>
/// <remarks>They belong to the machine rather than to the thread: finding them costs two loads, a thread static costs a
/// call.</remarks>
internal sealed class FlowPools
{
    private static int types;

    private Stack[] stacks = new Stack[64];

    /// <summary>A number for a type of box, the same in all machines.</summary>
    public static int NewType() => Interlocked.Increment(ref types) - 1;

    /// <summary>A free box of that type, or null.</summary>
    public FlowBox? Take(int type)
    {
        if (type >= stacks.Length)
        {
            Array.Resize(ref stacks, Math.Max(type + 1, stacks.Length * 2));
        }

        ref Stack stack = ref stacks[type];
        return stack.Count == 0 ? null : stack.Cells[--stack.Count].Box;
    }

    /// <summary>Gives a box back. A box of its type was taken, or asked for in vain, before.</summary>
    public void Give(int type, FlowBox box)
    {
        ref Stack stack = ref stacks[type];
        stack.Cells ??= new Cell[8];
        if (stack.Count == stack.Cells.Length)
        {
            Array.Resize(ref stack.Cells, stack.Count * 2);
        }

        // Taking leaves the reference where it is, so that mostly nothing changes here: storing references is what
        // costs.
        ref Cell cell = ref stack.Cells[stack.Count++];
        if (cell.Box != box)
        {
            cell.Box = box;
        }
    }

    private struct Stack
    {
        public Cell[] Cells;
        public int Count;
    }

    /// <summary>A struct, because an array of references checks the type of all that is stored.</summary>
    private struct Cell
    {
        public FlowBox? Box;
    }
}
