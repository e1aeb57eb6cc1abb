using Fuzz.Execution;
using Interleave;

namespace Fuzz.Reporting;

/// <summary>Looks at an engine before the first step of an execution and after each of its steps.</summary>
/// <remarks>Sits between the machine and those that choose and judge its steps; changes nothing of what they
/// do.</remarks>
/// <param name="engine">The engine that will run.</param>
/// <param name="stepsMax">Steps after which it looks no more.</param>
/// <param name="changesMax">Changes after which it looks no more.</param>
public sealed class StepRecorder(IEngine engine, int stepsMax, int changesMax) : IScheduler, IStepCheck
{
    private IScheduler scheduler = null!;
    private IStepCheck check = null!;
    private int changed;

    /// <summary>What it saw of the last execution.</summary>
    public StateHistory History { get; private set; } = new();

    /// <inheritdoc />
    public bool SeesForcedSteps => scheduler.SeesForcedSteps;

    /// <inheritdoc />
    public void Begin(int cpus)
    {
        scheduler.Begin(cpus);
        History = new StateHistory();
        changed = 0;
        Look();
    }

    /// <inheritdoc />
    public int Next(in Choice choice) => scheduler.Next(choice);

    /// <inheritdoc />
    public bool AfterStep(Cpu cpu, Point point)
    {
        if (History.Changes.Count <= stepsMax && changed <= changesMax)
        {
            Look();
        }

        return check.AfterStep(cpu, point);
    }

    /// <summary>Takes its place before those two.</summary>
    internal void Precede(IScheduler scheduler, IStepCheck check)
    {
        this.scheduler = scheduler;
        this.check = check;
    }

    private void Look() => changed += History.Add(KernelState.Of(engine));
}
