using System.Globalization;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;
using Interleave;

namespace Conformance.Enact;

/// <summary>Runs a program on the engine, and notes what has to be said to a kernel.</summary>
/// <param name="engine">The engine.</param>
/// <param name="program">The program.</param>
/// <param name="file">Named in errors.</param>
internal sealed class EnactPlanner(MmEngine engine, Program program, string file) : IStepCheck
{
    /// <summary>Of a process, and of the agent, as the agent has them.</summary>
    private const int ThreadsMax = 3;

    /// <summary>Operations that the agent does itself although they name a process.</summary>
    private static readonly HashSet<string> OfTheAgent =
        new(StringComparer.Ordinal) { "putpage", "unpin", "attach", "split", "dmawrite", "dmaread" };

    private readonly List<EnactCall>[] calls = [.. program.Cpus.Select(_ => new List<EnactCall>())];
    private readonly List<int>[] ended = [.. program.Cpus.Select(_ => new List<int> { 0 })];
    private readonly List<(int Cpu, Point Point, KernelPlace Place)> places = [];
    private Call call;
    private bool isStuck;

    /// <summary>The plan of a schedule; of an empty one, that of all lanes one after the other.</summary>
    /// <exception cref="InputException">There is none.</exception>
    public EnactPlan Plan(Schedule schedule)
    {
        Validate();
        engine.Stretch = Stretch.Of(program.Shape);
        engine.Slots = Stretch.Slots(program.Shape);
        engine.Machine.StepsMax <<= engine.Stretch;
        engine.Machine.Reset(Math.Max(program.Cpus.Length, 1));
        engine.Reset(program.Shape);
        string[] setup = [.. program.Setup.SelectMany(RunSetup)];
        int lanes = program.Cpus.Length;
        EnactTurn[] turns = Run(schedule.Turns.Count > 0
            ? schedule : new Schedule([.. Enumerable.Range(0, lanes).Select(Turn.UntilDone)]));
        View end = EngineView.Of(engine.Kernel);
        if (!isStuck)
        {
            EndWorld();
        }

        IEnumerable<EnactLane> lanesMade = calls.Select((made, cpu) => new EnactLane(cpu, [.. made.Select(Expect)]));
        return new EnactPlan(setup, [.. lanesMade], turns, end)
        {
            Places = places, Broken = [.. engine.Verdict.Violations], IsStuck = isStuck,
        };
    }

    /// <summary>Goes on: where a law is broken the end is what is asked for.</summary>
    public bool AfterStep(Cpu cpu, Point point)
    {
        if (engine.Verdict.Symptom is not null)
        {
            engine.AfterKnown();
        }
        else
        {
            engine.AfterStep(cpu, point);
        }

        return true;
    }

    private void Validate()
    {
        if (!CallMapping.HasWorld(program.Shape))
        {
            throw Not("no guest has a world of that shape");
        }

        foreach (Call made in program.Setup.Concat(program.Cpus.SelectMany(lane => lane)))
        {
            if (CallMapping.Of((MmCall)made.Kind) is { IsExpressible: false } row)
            {
                throw Not($"'{Text(made)}': {row.Reason}");
            }

            if ((MmCall)made.Kind == MmCall.Merge)
            {
                throw Not($"'{Text(made)}': ksmd is a lane of its own, and merges whatever is equal");
            }
        }

        foreach (Call made in program.Cpus.SelectMany(lane => lane))
        {
            if ((MmCall)made.Kind is MmCall.GetPage or MmCall.Pin or MmCall.PinWrite)
            {
                throw Not($"'{Text(made)}' of a lane: the agent takes part in it");
            }

            if (program.Cpus.Count(lane => lane.Any(other => Process(other) == Process(made)))
                is int lanes && lanes + (Process(made) is null ? 1 : 0) > ThreadsMax)
            {
                throw Not($"'{Text(made)}': {lanes} lanes with calls of its process, or of none, are too many");
            }
        }
    }

    /// <summary>What is broken may show, or be printed, when all processes end, and no sooner.</summary>
    private void EndWorld()
    {
        if (engine.Verdict.Any && engine.Verdict.Symptom is null && engine.Machine.RunSolo(engine.TearDown))
        {
            engine.AtEnd();
        }
    }

    private IEnumerable<string> RunSetup(Call next)
    {
        call = next;
        if (PlanOf(next) is not { } plan)
        {
            return [];
        }

        if (!engine.Machine.RunSolo(RunSetupCall) || !engine.Machine.RunSolo(Drain))
        {
            throw Not($"'{Text(next)}' of the setup does not end");
        }

        engine.AtRest();
        return plan.OperationsWithValue(engine.Kernel);
    }

    private EnactTurn[] Run(Schedule schedule)
    {
        Machine machine = engine.Machine;
        for (int i = 0; i < program.Cpus.Length; i++)
        {
            machine.SetBody(i, RunLane);
        }

        ScheduleAndRest replay = new(new ReplayScheduler(schedule, machine.Points));
        Ending ending = machine.Run(replay, this);
        if (replay.Finish(machine) is { } drift)
        {
            throw Not($"the engine does not follow the schedule: {drift}");
        }

        isStuck = ending == Ending.Deadlock;
        if (ending != Ending.Completed && !isStuck)
        {
            throw Not($"the engine ends with {ending}");
        }

        EnactTurn[] turns = TurnsOf(machine);
        if (isStuck)
        {
            return turns;
        }

        if (!machine.RunSolo(Drain))
        {
            throw Not("the batches cannot be drained");
        }

        engine.AtRest();
        return turns;
    }

    /// <summary>Runs of steps of one lane, each with where its kernel is to stop.</summary>
    private EnactTurn[] TurnsOf(Machine machine)
    {
        Schedule run = Schedule.FromTrace(machine);
        List<EnactTurn> turns = [];
        CallStack[] stacks = [.. calls.Select(_ => new CallStack())];
        int step = 0;
        foreach (Turn turn in run.Turns)
        {
            CallStack stack = stacks[turn.Cpu];
            stack.Begin();
            for (; step < machine.Trace.Length && machine.Trace[step].Cpu == turn.Cpu; step++)
            {
                Point point = machine.Points[machine.Trace[step].Point];
                places.Add((turn.Cpu, point, PlaceOf(stack, turn.Cpu, machine.Trace[step].Tag, point)));
                stack.Take(point);
            }

            Point? next = turn.End == TurnEnd.Point ? machine.Points.Find(turn.UntilPoint!) : null;
            KernelPlace? place = next is null ? null : PlaceOf(stack, turn.Cpu, NextTag(machine, turn.Cpu, step), next);
            turns.Add(new EnactTurn(turn, place, [.. stack.Path]) { PathOfEnded = stack.PathOfEnded });
        }

        return [.. turns];
    }

    /// <summary>The number of the call that a lane is in from a step on, from 1: the tag of its next one.</summary>
    private static int NextTag(Machine machine, int cpu, int step)
    {
        while (step < machine.Trace.Length && machine.Trace[step].Cpu != cpu)
        {
            step++;
        }

        return step < machine.Trace.Length ? machine.Trace[step].Tag : machine.Cpus[cpu].Tag;
    }

    /// <summary>Where the kernel is. A call of which no function of the kernel has been entered yet has not begun, and
    /// one with nothing left but to let go of its process has ended.</summary>
    private KernelPlace PlaceOf(CallStack stack, int cpu, int tag, Point point)
    {
        const string LastFunction = "mmput";
        stack.BeginCall(tag);
        KernelPlace place = stack.Place(point);
        if (tag > 0 && point.Function == LastFunction && tag < ended[cpu].Count)
        {
            return new KernelPlace(null, 0) { CallsEnded = ended[cpu][tag] };
        }

        return tag > 0 && !stack.IsInKernel && !KernelPlaces.IsInKernel(point)
            ? new KernelPlace(null, 0) { CallsEnded = ended[cpu][tag - 1] } : place;
    }

    private CallPlan? PlanOf(Call next) => CallMapping.Plan(engine.Kernel, next, engine.Stretch);

    /// <summary>The thread that makes a call of a lane: of all lanes with calls of its process, the first has the first
    /// thread, and so forth.</summary>
    private string ThreadOf(int cpu, Call made, string operation)
    {
        int? process = OfTheAgent.Contains(operation.Split(' ')[0]) ? null : Process(made);
        int number = program.Cpus.Take(cpu).Count(lane => lane.Any(other => Process(other) == process))
            + (process is null ? 1 : 0);
        string name = process?.ToString(CultureInfo.InvariantCulture) ?? "-";
        return number == 0 ? name : $"{name}/{number}";
    }

    /// <summary>A move that comes again after it has moved finds its own page at the target.</summary>
    private EnactCall Expect(EnactCall made)
    {
        bool fails = made.Operation.StartsWith("uffdmove ", StringComparison.Ordinal)
            && engine.Verdict.Violations.Any(violation => violation.Signature.Oracle == EnactPlan.MoveResult);
        return fails ? made with { Answer = "-EEXIST" } : made;
    }

    private static string Text(Call call) => ProgramText.Print(MmLanguage.Instance, call);

    private static int? Process(Call call) =>
        MmLanguage.Instance.Calls[call.Kind].Parameters is [{ Bound: MmLanguage.Mms }, ..] ? call.A : null;

    private InputException Not(string reason) => new(
        file, 0, 0, reason, "a program that fuzz enact can say to a kernel (see src/Conformance/README.md)");

    private async Flow RunSetupCall(Cpu cpu) => await engine.Run(cpu, call);

    private async Flow RunLane(Cpu cpu)
    {
        List<EnactCall> made = calls[cpu.Index];
        foreach (Call next in program.Cpus[cpu.Index])
        {
            cpu.Tag++;
            CallPlan? plan = PlanOf(next);
            string[] operations = [.. plan?.Operations ?? []];
            int first = made.Count;
            made.AddRange(operations.Select(
                operation => new EnactCall(ThreadOf(cpu.Index, next, operation), operation, null)));
            bool effective = await engine.Run(cpu, next);
            if (plan is not null && operations.Length > 0)
            {
                operations = [.. plan.OperationsWithValue(engine.Kernel)];
                made.RemoveRange(first, operations.Length);
                made.AddRange(operations.Select((operation, i) => new EnactCall(
                    ThreadOf(cpu.Index, next, operation), operation,
                    i == operations.Length - 1 ? plan.Answer(engine.Kernel, effective) : null)));
            }

            ended[cpu.Index].Add(made.Count);
        }
    }

    private async Flow Drain(Cpu cpu) => await engine.Kernel.R.Lru.DrainAll(cpu);
}
