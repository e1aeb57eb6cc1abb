using Interleave;

namespace Fuzz.Schedules;

/// <summary>Which objects are only touched under a lock of their own, as far as executions have shown: the order of
/// their steps is that of the lock's.</summary>
/// <remarks>
/// Locksets as in Savage, Burrows, Nelson, Sobalvarro, Anderson: Eraser, TOCS 1997, from the trace: a lane holds a lock
/// from a step that acquires it to one that releases it. A lock that two lanes hold so at once (a reader's side, one
/// that is given back without a step) guards nothing.
/// </remarks>
internal sealed class Guards
{
    /// <summary>By object, the locks that were held at each of its steps so far.</summary>
    private readonly Dictionary<ushort, ushort[]> locksets = [];

    private readonly HashSet<ushort> released = [];
    private readonly HashSet<ushort> sharedLocks = [];
    private readonly Dictionary<ushort, int> holders = [];
    private readonly List<ushort>[] held = new List<ushort>[Machine.CpusMax];

    /// <summary>Another program comes.</summary>
    public void NewProgram()
    {
        locksets.Clear();
        released.Clear();
        sharedLocks.Clear();
    }

    /// <summary>Learns from the execution that a machine ran last.</summary>
    public void Learn(Machine machine)
    {
        holders.Clear();
        for (int lane = 0; lane < machine.Cpus.Length; lane++)
        {
            (held[lane] ??= []).Clear();
        }

        foreach (ref readonly TraceStep step in machine.Trace)
        {
            switch (machine.Points[step.Point].Access)
            {
                case Access.None:
                    break;
                case Access.Acquire:
                    if (!holders.TryAdd(step.Target, step.Cpu))
                    {
                        sharedLocks.Add(step.Target);
                    }

                    Narrow(step);
                    held[step.Cpu].Add(step.Target);
                    break;
                case Access.Release:
                    released.Add(step.Target);
                    holders.Remove(step.Target);
                    held[step.Cpu].Remove(step.Target);
                    break;
                default:
                    Narrow(step);
                    break;
            }
        }
    }

    /// <summary>Whether the object has a lock of its own.</summary>
    public bool Has(ushort id)
    {
        foreach (ushort guard in locksets.GetValueOrDefault(id) ?? [])
        {
            if (released.Contains(guard) && !sharedLocks.Contains(guard))
            {
                return true;
            }
        }

        return false;
    }

    private void Narrow(in TraceStep step)
    {
        List<ushort> now = held[step.Cpu];
        if (!locksets.TryGetValue(step.Target, out ushort[]? before))
        {
            locksets.Add(step.Target, [.. now]);
        }
        else if (before.Length > 0 && !Array.TrueForAll(before, now.Contains))
        {
            locksets[step.Target] = Array.FindAll(before, now.Contains);
        }
    }
}
