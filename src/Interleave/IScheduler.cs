namespace Interleave;

/// <summary>Chooses who runs next. The one seam between an engine and a way of searching its interleavings.</summary>
public interface IScheduler
{
    /// <summary>Whether it wants to be asked even where only one lane can run.</summary>
    bool SeesForcedSteps { get; }

    /// <summary>Starts an execution of <paramref name="cpus"/> lanes.</summary>
    void Begin(int cpus);

    /// <summary>The lane that runs the next step: a member of <see cref="Choice.Enabled"/>, or -1 to stop the
    /// execution.</summary>
    int Next(in Choice choice);
}

/// <summary>What a scheduler may look at when it chooses.</summary>
/// <param name="Machine">The machine, with its lanes and their declared next accesses.</param>
/// <param name="Enabled">Bit i is set when lane i can run.</param>
/// <param name="Current">The lane that ran last, or -1.</param>
/// <param name="StepIndex">Number of steps taken so far.</param>
public readonly record struct Choice(Machine Machine, uint Enabled, int Current, int StepIndex)
{
    /// <summary>Number of lanes that can run.</summary>
    public int Count => System.Numerics.BitOperations.PopCount(Enabled);

    /// <summary>Whether lane <paramref name="cpu"/> can run.</summary>
    public bool Can(int cpu) => cpu >= 0 && (Enabled >> cpu & 1) != 0;
}

/// <summary>Looks at the engine after every step; returns false to stop the execution.</summary>
public interface IStepCheck
{
    /// <summary>Called when the step of <paramref name="cpu"/> at <paramref name="point"/> has just run.</summary>
    bool AfterStep(Cpu cpu, Point point);
}
