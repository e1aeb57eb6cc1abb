using Interleave;

namespace Fuzz.Schedules;

/// <summary>What has been learnt of one program from its executions so far: which objects more than one lane touches,
/// and how many choices each lane makes that matter.</summary>
/// <remarks>
/// Schedulers of all depths share it, so that only the first execution of a program is run without knowing.
/// </remarks>
/// <param name="learns">Whether it tells objects apart; otherwise all are taken for shared.</param>
public sealed class Contention(bool learns = true)
{
    private const byte Shared = byte.MaxValue;

    /// <summary>For each object id the lane that has touched it, from 1, or <see cref="Shared"/>.</summary>
    private readonly byte[] touchedBy = new byte[ushort.MaxValue + 1];

    /// <summary>Object ids with an entry in <see cref="touchedBy"/>.</summary>
    private readonly List<ushort> touched = [];

    /// <summary>Choices that each lane has made in this execution.</summary>
    private readonly int[] choices = new int[Machine.CpusMax];

    /// <summary>The most choices that each lane has made in an execution.</summary>
    private readonly int[] longest = new int[Machine.CpusMax];

    /// <summary>The most lanes that a program had.</summary>
    private int lanes = 1;

    /// <summary>Another program comes: what was learnt of the last one says nothing about it.</summary>
    public void NewProgram()
    {
        Array.Clear(longest);
        Array.Clear(choices);
        foreach (ushort id in touched)
        {
            touchedBy[id] = 0;
        }

        touched.Clear();
    }

    /// <summary>Learns all that one execution shows: schedulers are not asked, and so learn nothing, where only one
    /// lane can go on.</summary>
    public void Learn(ReadOnlySpan<TraceStep> trace)
    {
        foreach (TraceStep step in trace)
        {
            lanes = Math.Max(lanes, step.Cpu + 1);
            if (step.Target != TraceStep.NoTarget)
            {
                Touch(step.Target, step.Cpu);
            }
        }

        Array.Clear(choices);
        foreach (TraceStep step in trace)
        {
            if (!learns || (step.Target != TraceStep.NoTarget && touchedBy[step.Target] == Shared))
            {
                choices[step.Cpu]++;
            }
        }
    }

    /// <summary>Another execution begins.</summary>
    public void Begin(int cpus)
    {
        lanes = Math.Max(lanes, cpus);
        for (int i = 0; i < lanes; i++)
        {
            longest[i] = Math.Max(longest[i], choices[i]);
            choices[i] = 0;
        }
    }

    /// <summary>The most choices that the lane has made in an execution before this one.</summary>
    public int Longest(int cpu) => longest[cpu];

    /// <summary>The choices of all lanes, each at its most.</summary>
    public int Places
    {
        get
        {
            int places = 0;
            for (int i = 0; i < lanes; i++)
            {
                places += Math.Max(longest[i], choices[i]);
            }

            return places;
        }
    }

    /// <summary>Counts a choice of the lane; its number, from 0.</summary>
    public int Count(int cpu) => choices[cpu]++;

    /// <summary>Whether more than one lane has touched the object in an execution.</summary>
    internal bool IsShared(ushort id) => touchedBy[id] == Shared;

    /// <summary>Notes that the lane will touch its target, and says whether another lane ever did.</summary>
    public bool IsContended(Cpu cpu) =>
        !learns || (cpu.Target is { } target && Touch(target.Id, cpu.Index) == Shared);

    /// <summary>Notes that the lane touches the object; who did.</summary>
    private byte Touch(ushort id, int cpu)
    {
        byte before = touchedBy[id];
        byte lane = (byte)(cpu + 1);
        if (before == Shared || before == lane)
        {
            return before;
        }

        if (before == 0)
        {
            touched.Add(id);
        }

        return touchedBy[id] = before == 0 ? lane : Shared;
    }
}
