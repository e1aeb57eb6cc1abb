using Fuzz.Programs;
using Interleave;

namespace Fuzz.Execution;

/// <summary>Runs programs on an engine: setup alone, lanes under a scheduler, then the end of the world. Reused; not
/// thread-safe.</summary>
[NotState("it runs the execution")]
public sealed class Executor : IStepCheck
{
    private readonly IEngine engine;
    private readonly Func<Cpu, Flow>[] lanes;
    private readonly Func<Cpu, Flow> setup;
    private readonly Func<Cpu, Flow> tearDown;
    private Program program = null!;
    private Program? judged;
    private Call setupCall;
    private bool setupEffective;
    private Program? kept;
    private StateSnapshot? begin;

    /// <summary>An executor for one engine.</summary>
    public Executor(IEngine engine)
    {
        this.engine = engine;
        lanes = new Func<Cpu, Flow>[engine.Language.CpusMax];
        Array.Fill(lanes, RunLane);
        setup = RunSetupCall;
        tearDown = engine.TearDown;
    }

    /// <summary>The engine.</summary>
    public IEngine Engine => engine;

    /// <summary>Whether states are going to be compared: then every execution of a program begins in the very same one,
    /// down to what nobody looks at any more, as left by whatever ran before.</summary>
    public bool ComparesStates { get; set; }

    /// <summary>Hashes and copies the engine's state.</summary>
    public StateHasher States => field ??= new StateHasher(engine);

    /// <summary>Calls of the last execution that found something to do.</summary>
    public int Effective { get; private set; }

    /// <summary>Calls of the last execution that were impossible in the state they met.</summary>
    public int NoOps { get; private set; }

    /// <summary>How often each call kind ran, and how often as a no-op, since this executor was made.</summary>
    public long[,] CallCounts { get; } = new long[256, 2];

    /// <summary>The call that a lane had in flight at a step with that tag; see <see cref="TraceStep.Tag"/>.</summary>
    public static int CallIndex(byte tag) => tag - 1;

    /// <summary>Runs once. The verdict is <see cref="IEngine.Verdict"/>, the trace
    /// <see cref="Machine.Trace"/>.</summary>
    /// <param name="program">What runs.</param>
    /// <param name="scheduler">Who goes first.</param>
    /// <param name="check">Sees each step in place of this executor, and must hand it on; null for none.</param>
    /// <returns>Whether no law was broken.</returns>
    public bool Run(Program program, IScheduler scheduler, IStepCheck? check = null)
    {
        this.program = program;
        Effective = 0;
        NoOps = 0;
        Machine machine = engine.Machine;
        engine.Verdict.Reset();
        machine.Reset(Math.Max(program.Cpus.Length, 1));
        if (ComparesStates && ReferenceEquals(kept, program))
        {
            begin!.Restore();
        }
        else if (!Prepare(machine))
        {
            return false;
        }

        for (int i = 0; i < program.Cpus.Length; i++)
        {
            machine.SetBody(i, lanes[i]);
        }

        Ending ending = machine.Run(scheduler, check ?? this);
        if (ending != Ending.Completed)
        {
            Report(machine, ending);
            return !engine.Verdict.Any;
        }

        engine.AtRest();
        if (engine.Verdict.Symptom is not null)
        {
            return false;
        }

        // What is broken but was not noticed yet may show when everything ends.
        if (machine.RunSolo(tearDown))
        {
            engine.AtEnd();
        }
        else
        {
            Report(machine, machine.Ending);
        }

        return !engine.Verdict.Any;
    }

    /// <inheritdoc />
    public bool AfterStep(Cpu cpu, Point point) => engine.AfterStep(cpu, point);

    /// <summary>Resets the engine and runs the setup.</summary>
    private bool Prepare(Machine machine)
    {
        engine.Reset(program.Shape);
        if (!RunSetup(machine))
        {
            return false;
        }

        if (ComparesStates)
        {
            begin = States.Save();
            kept = program;
        }

        return true;
    }

    private bool RunSetup(Machine machine)
    {
        // The setup of a program is always the same: its calls are judged once, the state where lanes begin each time.
        bool known = ReferenceEquals(program, judged);
        for (int i = 0; i < program.Setup.Length; i++)
        {
            setupCall = program.Setup[i];
            if (!machine.RunSolo(setup))
            {
                Report(machine, machine.Ending);
                return false;
            }

            if (!known)
            {
                engine.AfterAlone(setupCall, setupEffective);
            }
            else if (i < program.Setup.Length - 1)
            {
                engine.AfterKnown();
            }
            else
            {
                engine.AtRest();
            }

            if (engine.Verdict.Any)
            {
                return false;
            }
        }

        judged = program;
        return true;
    }

    private async Flow RunSetupCall(Cpu cpu)
    {
        setupEffective = await engine.Run(cpu, setupCall);
        Count(setupCall, setupEffective);
    }

    private async Flow RunLane(Cpu cpu)
    {
        Call[] calls = program.Cpus[cpu.Index];
        for (int i = 0; i < calls.Length; i++)
        {
            cpu.Tag = (byte)(i + 1);
            Count(calls[i], await engine.Run(cpu, calls[i]));
        }
    }

    private void Count(Call call, bool effective)
    {
        if (effective)
        {
            Effective++;
        }
        else
        {
            NoOps++;
        }

        CallCounts[call.Kind, effective ? 0 : 1]++;
    }

    private void Report(Machine machine, Ending ending)
    {
        int step = machine.Steps - 1;
        switch (ending)
        {
            case Ending.Deadlock:
                engine.Verdict.Add(new Violation(
                    new Signature("progress", "deadlock", WaitGraph.Culprit(machine)!.Parked.Function), LawKind.Symptom,
                    WaitGraph.Describe(machine), step, "INFO: task blocked for more than 120 seconds."));
                break;
            case Ending.Livelock:
                engine.Verdict.Add(new Violation(
                    new Signature("progress", "livelock", machine.Current?.Parked.Function ?? ""), LawKind.Symptom,
                    $"not done after {machine.StepsMax} steps\n{WaitGraph.Describe(machine)}", step,
                    "watchdog: BUG: soft lockup - CPU stuck"));
                break;
            case Ending.Fault:
                // A kernel that has just said BUG goes on here with what it should not have touched: not a fault of
                // ours.
                Cpu at = machine.Current ?? machine.Cpus[0];
                engine.AfterStep(at, at.Parked);
                if (engine.Verdict.Any)
                {
                    break;
                }

                engine.Verdict.Add(new Violation(
                    new Signature("engine", machine.Error!.GetType().Name, machine.Current?.Parked.Function ?? ""),
                    LawKind.Symptom, machine.Error.Message, step, null));
                break;
            default:
                break;
        }
    }
}
