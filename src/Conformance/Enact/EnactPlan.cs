using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;
using Interleave;

namespace Conformance.Enact;

/// <summary>What has to be done to a real kernel so that it goes through an interleaving of the engine, and what both
/// should show in the end.</summary>
/// <param name="Setup">Operations of the agent, one after the other.</param>
/// <param name="Lanes">What each lane does.</param>
/// <param name="Turns">Who runs when.</param>
/// <param name="End">What the engine shows when all lanes are done.</param>
public sealed record EnactPlan(
    IReadOnlyList<string> Setup, IReadOnlyList<EnactLane> Lanes, IReadOnlyList<EnactTurn> Turns, View End)
{
    /// <summary>Plans a program with its schedule, by running it on the engine.</summary>
    /// <param name="program">The program: one call a lane, each of a process of its own.</param>
    /// <param name="schedule">Its schedule.</param>
    /// <param name="variants">What the engine runs as.</param>
    /// <param name="file">Named in errors.</param>
    /// <exception cref="InputException">It cannot be said to a kernel, and why; or the engine does not follow the
    /// schedule.</exception>
    public static EnactPlan Of(Program program, Schedule schedule, IEnumerable<string> variants, string file)
    {
        MmEngine engine = new(variants);
        Planner planner = new(engine, file);
        if (program.Shape[MmLanguage.Thp] != 0)
        {
            throw planner.Not("a PMD entry of hardware maps 512 pages, the engine's 4 to 16");
        }

        engine.Machine.Reset(Math.Max(program.Cpus.Length, 1));
        engine.Reset(program.Shape);
        List<string> setup = [];
        foreach (Call call in program.Setup)
        {
            setup.AddRange(planner.Setup(call));
        }

        EnactLane[] lanes = planner.Begin(program);
        if (schedule.Turns.Count == 0)
        {
            schedule = new Schedule([.. lanes.Select(lane => Turn.UntilDone(lane.Cpu))]);
        }

        EnactTurn[] turns = planner.Run(schedule);
        return new EnactPlan(setup, planner.WithValues(lanes), turns, planner.End()) { Places = planner.Places };
    }

    /// <summary>The points that lanes come to, and where a kernel is then.</summary>
    public IReadOnlyList<(int Cpu, Point Point, KernelPlace Place)> Places { get; private init; } = [];

    private sealed class Planner(MmEngine engine, string file) : IStepCheck
    {
        private readonly List<CallPlan> plans = [];
        private readonly List<bool> effective = [];
        private Call call;

        public bool AfterStep(Cpu cpu, Point point) => engine.AfterStep(cpu, point);

        public IEnumerable<string> Setup(Call next)
        {
            call = next;
            CallPlan? plan = Plan(next);
            if (plan is null)
            {
                return [];
            }

            if (!engine.Machine.RunSolo(RunSetup) || !engine.Machine.RunSolo(Drain))
            {
                throw Not($"'{Text(next)}' of the setup does not end");
            }

            engine.AtRest();
            return plan.OperationsWithValue(engine.Kernel);
        }

        public EnactLane[] Begin(Program program)
        {
            List<EnactLane> lanes = [];
            foreach (Call[] calls in program.Cpus)
            {
                if (calls is not [Call only] || Process(only) is not { } mm || lanes.Exists(lane => lane.Process == mm))
                {
                    throw Not("a lane must be one call of a process, and each lane's process another one");
                }

                CallPlan plan = Plan(only) ?? throw Not($"'{Text(only)}' finds nothing to do");
                if (plan.Operations.Count != 1)
                {
                    throw Not($"'{Text(only)}' takes several system calls");
                }

                plans.Add(plan);
                effective.Add(false);
                lanes.Add(new EnactLane(lanes.Count, mm, Text(only), "", ""));
            }

            return [.. lanes];
        }

        public EnactTurn[] Run(Schedule schedule)
        {
            Machine machine = engine.Machine;
            for (int i = 0; i < plans.Count; i++)
            {
                machine.SetBody(i, RunLane);
            }

            ReplayScheduler replay = new(schedule, machine.Points);
            Ending ending = machine.Run(replay, this);
            if (replay.Finish(machine) is { } drift)
            {
                throw Not($"the engine does not follow the schedule: {drift}");
            }

            if (ending != Ending.Completed || engine.Verdict.Any)
            {
                throw Not(engine.Verdict.Any
                    ? $"the engine breaks a law: {engine.Verdict.Violations[0].Signature}"
                    : $"the engine ends with {ending}");
            }

            EnactTurn[] turns = TurnsOf(machine);
            if (!machine.RunSolo(Drain))
            {
                throw Not("the batches cannot be drained");
            }

            return turns;
        }

        public EnactLane[] WithValues(EnactLane[] lanes) => Array.ConvertAll(lanes, lane => lane with
        {
            Operation = plans[lane.Cpu].OperationsWithValue(engine.Kernel).Single(),
            Answer = plans[lane.Cpu].Answer(engine.Kernel, effective[lane.Cpu]),
        });

        public View End() => EngineView.Of(engine.Kernel);

        public List<(int Cpu, Point Point, KernelPlace Place)> Places { get; } = [];

        private static string Text(Call call) => ProgramText.Print(MmLanguage.Instance, call);

        private static int? Process(Call call) =>
            MmLanguage.Instance.Calls[call.Kind].Parameters is [{ Bound: MmLanguage.Mms }, ..] ? call.A : null;

        /// <summary>Runs of steps of one lane, each with where its kernel is to stop.</summary>
        private EnactTurn[] TurnsOf(Machine machine)
        {
            Schedule run = Schedule.FromTrace(machine);
            List<EnactTurn> turns = [];
            CallStack[] stacks = [.. machine.Cpus.ToArray().Select(_ => new CallStack())];
            int step = 0;
            foreach (Turn turn in run.Turns)
            {
                CallStack stack = stacks[turn.Cpu];
                stack.Begin();
                for (; step < machine.Trace.Length && machine.Trace[step].Cpu == turn.Cpu; step++)
                {
                    Point point = machine.Points[machine.Trace[step].Point];
                    Places.Add((turn.Cpu, point, stack.Place(point)));
                    stack.Take(point);
                }

                Point? next = turn.End == TurnEnd.Point ? machine.Points.Find(turn.UntilPoint!) : null;
                turns.Add(new EnactTurn(turn, next is null ? null : stack.Place(next), [.. stack.Path]));
            }

            return [.. turns];
        }

        private CallPlan? Plan(Call next) => CallMapping.Of((MmCall)next.Kind) is { IsExpressible: false } row
            ? throw Not($"'{Text(next)}': {row.Reason}")
            : CallMapping.Plan(engine.Kernel, next);

        public InputException Not(string reason) => new(
            file, 0, 0, reason, "a program that fuzz enact can say to a kernel (see src/Conformance/README.md)");

        private async Flow RunSetup(Cpu cpu) => await engine.Run(cpu, call);

        private async Flow RunLane(Cpu cpu) => effective[cpu.Index] = await engine.Run(cpu, plans[cpu.Index].Call);

        private async Flow Drain(Cpu cpu) => await engine.Kernel.R.Lru.DrainAll(cpu);
    }
}

/// <summary>What a lane does.</summary>
/// <param name="Cpu">The lane, and the virtual cpu.</param>
/// <param name="Process">The process that makes the call.</param>
/// <param name="Call">The call.</param>
/// <param name="Operation">The agent's operation.</param>
/// <param name="Answer">What the kernel should answer, or null for anything.</param>
public sealed record EnactLane(int Cpu, int Process, string Call, string Operation, string? Answer);

/// <summary>A turn, and where its end is in a real kernel.</summary>
/// <param name="Turn">The turn, as the engine ran it.</param>
/// <param name="Place">Where the lane is to stop; null when it is to block, or to end.</param>
/// <param name="Path">Functions that the lane enters in this turn, in order, the place not included; not all that it
/// enters, as not all have points.</param>
public sealed record EnactTurn(Turn Turn, KernelPlace? Place, IReadOnlyList<string> Path);

/// <summary>A place in a real kernel: a function is entered for the n-th time in a turn.</summary>
/// <param name="Symbol">The function; null when no entry of a function is at the point.</param>
/// <param name="Entry">Which time, from 1.</param>
public sealed record KernelPlace(string? Symbol, int Entry);
