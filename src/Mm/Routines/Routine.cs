using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>One kernel function, or a few that are always changed together, as methods that a variant may
/// override.</summary>
/// <remarks>
/// A class is written as v6.18 has it. A variant is a subclass that supplies one method as it stood elsewhere. The text
/// itself never asks which kernel it is.
/// </remarks>
public abstract class Routine
{
    /// <summary>The kernel's state.</summary>
    protected internal Kernel K { get; internal set; } = null!;

    /// <summary>Lane-private lists of folios, by lane.</summary>
    protected static List<Folio>[] ListForEachCpu()
    {
        List<Folio>[] lists = new List<Folio>[Kernel.CpusMax];
        for (int i = 0; i < lists.Length; i++)
        {
            lists[i] = [];
        }

        return lists;
    }

    /// <summary>Forgets what an execution that was stopped midway left in lane-private state.</summary>
    protected internal virtual void Reset()
    {
    }

    /// <summary>The other routines in force.</summary>
    protected RoutineTable R => K.R;
}
