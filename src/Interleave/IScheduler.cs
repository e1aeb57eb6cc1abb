using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Interleave;

/// <summary>Chooses who runs next. The one seam between an engine and a way of searching its interleavings.</summary>
public interface IScheduler
{
    /// <summary>Whether it wants to be asked even where only one lane can run.</summary>
    bool SeesForcedSteps { get; }

    /// <summary>Whether every lane must be parked when it is asked, so that a <see cref="StateHasher"/> sees the whole
    /// state. A lane that runs on then costs as much as one that is switched to.</summary>
    bool ParksLanes => false;

    /// <summary>Whether it reads <see cref="Machine.Touches"/>.</summary>
    bool NotesTouches => false;

    /// <summary>Starts an execution of <paramref name="cpus"/> lanes.</summary>
    void Begin(int cpus);

    /// <summary>The lane that runs the next step: a member of <see cref="Choice.Enabled"/>, or -1 to stop the
    /// execution.</summary>
    int Next(in Choice choice);
}

/// <summary>What a scheduler may look at when it chooses.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly struct Choice
{
    // Two words and not a set: copying the set as a whole would wait until both words are stored.
    private readonly ulong low;
    private readonly ulong high;

    /// <summary>A choice.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Choice(Machine machine, LaneSet enabled, int current, int stepIndex)
    {
        Machine = machine;
        low = enabled.Low;
        high = enabled.High;
        Current = current;
        StepIndex = stepIndex;
    }

    /// <summary>The machine, with its lanes and their declared next accesses.</summary>
    public Machine Machine { get; }

    /// <summary>The lanes that can run.</summary>
    public LaneSet Enabled
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(low, high);
    }

    /// <summary>The lane that ran last, or -1.</summary>
    public int Current { get; }

    /// <summary>Number of steps taken so far.</summary>
    public int StepIndex { get; }

    /// <summary>Number of lanes that can run.</summary>
    public int Count => Enabled.Count;

    /// <summary>Whether lane <paramref name="cpu"/> can run.</summary>
    public bool Can(int cpu) => Enabled.Contains(cpu);
}

/// <summary>Looks at the engine after every step; returns false to stop the execution.</summary>
public interface IStepCheck
{
    /// <summary>Called when the step of <paramref name="cpu"/> at <paramref name="point"/> has just run.</summary>
    bool AfterStep(Cpu cpu, Point point);
}
