using Conformance.Guest;
using Fuzz.Schedules;

namespace Conformance.Enact;

/// <summary>Lets cpus go on and stops them, turn by turn.</summary>
internal sealed class Conductor
{
    private const int CollectMilliseconds = 3000;

    /// <summary>Instructions between the entry of a function and a place behind it.</summary>
    private const int StepsMax = 5000;

    private static readonly TimeSpan TurnLimit = TimeSpan.FromSeconds(8);

    /// <summary>Who does not come anywhere in that time waits for somebody. Both are counted from where it came last.
    /// </summary>
    private static readonly TimeSpan BlockedAfter = TimeSpan.FromSeconds(3);

    /// <summary>How long the agent and a cpu are waited for before they are looked at.</summary>
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(50);

    private readonly GdbStub gdb;
    private readonly KernelText kernel;
    private readonly Func<string, IReadOnlyList<Reply>> send;
    private readonly EnactPlan plan;
    private readonly LaneState[] lanes;
    private readonly Holds holds;
    private readonly List<string> log = [];
    private Task<IReadOnlyList<Reply>>? told;
    private Action<IReadOnlyList<Reply>>? heard;

    /// <summary>Prepares the lanes of a plan.</summary>
    /// <param name="gdb">The emulator's.</param>
    /// <param name="kernel">Where its functions are.</param>
    /// <param name="send">Says lines to the agent, which has the last of the cpus.</param>
    /// <param name="plan">What is done.</param>
    /// <param name="cpus">How many there are.</param>
    public Conductor(
        GdbStub gdb, KernelText kernel, Func<string, IReadOnlyList<Reply>> send, EnactPlan plan, int cpus)
    {
        this.gdb = gdb;
        this.kernel = kernel;
        this.send = send;
        this.plan = plan;
        lanes = [.. plan.Lanes.Select(lane => new LaneState(lane))];
        holds = new Holds(gdb, kernel, lanes, cpus);
    }

    /// <summary>What was done.</summary>
    public IReadOnlyList<string> Log => log;

    /// <summary>What was answered, lane by lane and call by call; to be asked in the end.</summary>
    public IReadOnlyList<LaneState> Lanes => lanes;

    /// <summary>Runs all turns; returns why not, or null. All cpus run then.</summary>
    public string? Run()
    {
        for (int i = 0; i < plan.Turns.Count; i++)
        {
            if (Take(plan.Turns[i]) is { } problem)
            {
                holds.LetAllGo();
                return $"turn {i + 1} '{plan.Turns[i].Turn}': {problem}";
            }
        }

        holds.LetAllGo();
        return null;
    }

    /// <summary>Waits until nobody talks to the agent any more, whatever becomes of it.</summary>
    public void Abandon() => told?.ContinueWith(static _ => { }, TaskScheduler.Default).Wait();

    /// <summary>Asks for the answers that are still to come.</summary>
    public void CollectAll()
    {
        foreach (LaneState lane in lanes)
        {
            if (lane.Ended > 0 && lane.Answers[lane.Ended - 1] is null)
            {
                IReadOnlyList<Reply> replies =
                    send($"collect {lane.Plan.Calls[lane.Ended - 1].Thread} {CollectMilliseconds}");
                lane.Answered(lane.Ended - 1, replies[0].Result);
            }
        }
    }

    private string? Take(EnactTurn turn)
    {
        LaneState lane = lanes[turn.Turn.Cpu];
        Way way = new(turn, kernel.AddressOf);
        if (IsOver(turn, lane) is { } over)
        {
            Came(turn.Turn, way, over);
            return null;
        }

        holds.LetGo(lane);
        List<ulong> stops = [kernel.Answer, kernel.End, .. way.Addresses];
        if (turn.Turn.End == TurnEnd.Blocked)
        {
            stops.Add(kernel.Schedule);
        }

        ulong rip = gdb.Rip(lane.Plan.Cpu);
        if (lane.IsRunning && stops.Contains(rip))
        {
            // It stands at one of them already, and goes on to the next.
            way.Pass(rip);
            gdb.Step(lane.Plan.Cpu);
        }

        string? problem = Wait(turn, lane, way, [.. stops.Distinct()]);
        FinishTelling();
        if (lane.IsRunning)
        {
            holds.Keep(lane);
        }

        return problem;
    }

    /// <summary>Until the turn's end; returns what came instead, or null. All cpus stand still then.</summary>
    private string? Wait(EnactTurn turn, LaneState lane, Way way, ulong[] stops)
    {
        long start = Environment.TickCount64;
        TimeSpan limit = turn.Turn.End == TurnEnd.Blocked ? BlockedAfter : TurnLimit;
        bool stands = true;
        while (Environment.TickCount64 - start < limit.TotalMilliseconds)
        {
            if (!stands && !lane.IsRunning && told is { IsCompleted: true })
            {
                gdb.Interrupt();
                holds.Pause();
                stands = true;
            }

            if (stands)
            {
                // Between two calls, nobody is looked at: a child that begins to live is slow enough.
                Tell(lane);
                Array.ForEach(lane.IsRunning ? stops : [], gdb.SetBreakpoint);
                holds.Continue();
            }

            int? answer = gdb.WaitForStop(Slice);
            stands = answer is not null;
            if (answer is not { } stopped)
            {
                continue;
            }

            CpuRegisters registers = gdb.Registers(stopped);
            Array.ForEach(stops, gdb.ClearBreakpoint);
            holds.Pause();
            bool isHere = stops.Contains(registers.Rip);
            start = stopped == lane.Plan.Cpu && isHere ? Environment.TickCount64 : start;
            if (isHere && stopped == lane.Plan.Cpu && lane.IsRunning && Arrive(turn, lane, way, registers))
            {
                return Judge(turn, lane, way);
            }

            if (!holds.KeepWoken(stopped, registers) && isHere)
            {
                gdb.Step(stopped);
            }
        }

        gdb.Interrupt();
        Array.ForEach(stops, gdb.ClearBreakpoint);
        holds.Pause();
        if (turn.Turn.End == TurnEnd.Blocked && lane.IsRunning)
        {
            Came(turn.Turn, way, "it waits");
            return null;
        }

        return $"nothing within {limit.TotalSeconds:0} s: cpu{turn.Turn.Cpu} waits in "
            + $"{kernel.FunctionAt(gdb.Rip(turn.Turn.Cpu)) ?? "user space"}";
    }

    /// <summary>The lane's cpu has stopped where it is looked at; whether it is to go no further.</summary>
    private bool Arrive(EnactTurn turn, LaneState lane, Way way, CpuRegisters registers)
    {
        ulong task = gdb.ReadWord(lane.Plan.Cpu, kernel.CurrentTask + registers.PerCpu);
        if (registers.Rip == kernel.Schedule)
        {
            holds.NoteSleep(lane, task, registers);
        }

        if (way.IsEnd(registers.Rip, () => kernel.FunctionAt(gdb.ReadWord(lane.Plan.Cpu, registers.Rsp))))
        {
            lane.Task = task;
            return true;
        }

        if (registers.Rip == kernel.Answer || registers.Rip == kernel.End)
        {
            lane.End();
            return lane.IsDone || IsOver(turn, lane) is not null;
        }

        way.Pass(registers.Rip);
        lane.Task ??= registers.Rip == kernel.Schedule ? null : task;
        return false;
    }

    /// <summary>The lane goes no further: whether that is the end of its turn. The entry of a function is only if the
    /// kernel came there by the way of the engine; a call's end is the same by any way.</summary>
    private string? Judge(EnactTurn turn, LaneState lane, Way way)
    {
        if (lane.IsRunning && way.MissedNow is { Count: > 0 } missed)
        {
            return $"it is about to enter {way.End}, but has not been in {string.Join(", ", missed)}, where the engine "
                + "was";
        }

        string? where = lane.IsRunning ? Reach(turn.Place!, lane) : IsOver(turn, lane);
        if (where is null)
        {
            return lane.IsRunning ? $"it does not come from {way.End} to where it should" : "its calls have ended";
        }

        Came(turn.Turn, way, where);
        return null;
    }

    /// <summary>Where the lane is, if a turn that ends between calls, or with the last one, is over.</summary>
    private static string? IsOver(EnactTurn turn, LaneState lane) => turn switch
    {
        _ when lane.IsRunning => null,
        { Turn.End: TurnEnd.Done } when lane.IsDone => lane.Plan.Calls.Count > 1
            ? "its last call has ended" : "its call has ended",
        { Place.CallsEnded: { } ended } when ended == lane.Ended => ended == 0
            ? "its first call has not begun" : $"it has made {ended} of its calls, and the next has not begun",
        _ => null,
    };

    /// <summary>The lane is about to enter the function of its place: goes on to the place itself.</summary>
    /// <returns>Where it is; null when it does not get there.</returns>
    private string? Reach(KernelPlace place, LaneState lane)
    {
        CpuRegisters at = gdb.Registers(lane.Plan.Cpu);
        ulong back = gdb.ReadWord(lane.Plan.Cpu, at.Rsp);
        string caller = place.Callers.Count == 0 ? "" : $" from {kernel.FunctionAt(back)}";
        return place.Stop switch
        {
            PlaceStop.Enters => $"it is about to enter {place.Symbol}{caller}",
            PlaceStop.Returns => StepUntil(lane, now => now.Rip == back && now.Rsp > at.Rsp)
                ? $"it has come back from {place.Symbol} to {kernel.FunctionAt(back)}" : null,
            _ => StepUntil(lane, now => now.Rsp > at.Rsp && gdb.ReadWord(lane.Plan.Cpu, at.Rdi) == at.Rdi)
                ? $"it has stored a link to itself{caller}" : null,
        };
    }

    /// <summary>One instruction after the other, without interrupts.</summary>
    private bool StepUntil(LaneState lane, Func<CpuRegisters, bool> isThere)
    {
        for (int i = 0; i < StepsMax; i++)
        {
            gdb.Step(lane.Plan.Cpu);
            if (isThere(gdb.Registers(lane.Plan.Cpu)))
            {
                return true;
            }
        }

        return false;
    }

    private void Came(Turn turn, Way way, string where)
    {
        IReadOnlyList<string> missed = way.Missed;
        log.Add(
            $"{turn}: {where}; seen on its way in the engine's order: {way.Length - missed.Count} of {way.Length}"
            + (missed.Count > 0 ? $", not {string.Join(", ", missed)}" : ""));
    }

    /// <summary>Has the agent do what is to be done for a lane, one thing after the other: fetch the answer to its last
    /// call, begin the next.</summary>
    private void Tell(LaneState lane)
    {
        if (told is { IsCompleted: true })
        {
            heard!(told.GetAwaiter().GetResult());
            told = null;
        }

        if (told is not null || lane.IsRunning || lane.IsDone)
        {
            return;
        }

        int last = lane.Ended - 1;
        if (last >= 0 && lane.Answers[last] is null)
        {
            heard = replies => lane.Answered(last, replies[0].Result);
            string thread = lane.Plan.Calls[last].Thread;
            told = Task.Run(() => send($"collect {thread} {CollectMilliseconds}"));
            return;
        }

        EnactCall call = lane.Call;
        heard = static _ => { };
        lane.Begin();
        told = Task.Run(() => send($"start {call.Thread} {call.Started}"));
    }

    /// <summary>Lets the agent's cpu alone go on until it has said what it was to say.</summary>
    private void FinishTelling()
    {
        if (told is not null)
        {
            gdb.Continue([lanes.Length]);
            heard!(told.GetAwaiter().GetResult());
            told = null;
            gdb.Interrupt();
        }
    }
}
