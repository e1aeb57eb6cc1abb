using Conformance.Guest;

namespace Conformance.Enact;

/// <summary>Keeps cpus in the middle of their lanes' calls where they are.</summary>
/// <remarks>
/// One that takes interrupts there is put into a loop of its own and let run: it answers to flushes of its translations
/// and takes its ticks, and as the kernel is booted with <c>preempt=full</c> its workers and grace periods of RCU get
/// by, too, unless the lane keeps them off itself. All its registers but rip are those of the lane, which goes on where
/// it was. One that takes no interrupts stands still. One that sleeps is left to itself, and kept where it comes back
/// from <c>schedule()</c>.
/// </remarks>
/// <param name="gdb">The emulator's.</param>
/// <param name="kernel">Where its functions are.</param>
/// <param name="lanes">Each on the cpu of its number.</param>
/// <param name="cpus">How many there are, the agent's own included.</param>
internal sealed class Holds(GdbStub gdb, KernelText kernel, LaneState[] lanes, int cpus)
{
    /// <summary>hlt, and a jump back to it: a cpu that waits costs nothing.</summary>
    private static readonly byte[] Loop = [0xF4, 0xEB, 0xFD];

    private static readonly TimeSpan ReturnLimit = TimeSpan.FromSeconds(4);

    private readonly Dictionary<(int Cpu, ulong Task), CpuRegisters> sleeps = [];

    private IEnumerable<int> Moving => Enumerable.Range(0, cpus).Where(
        cpu => cpu >= lanes.Length || lanes[cpu].Hold != Hold.Stands);

    private IEnumerable<LaneState> Asleep => lanes.Where(lane => lane.Hold == Hold.Sleeps);

    /// <summary>A task of a lane's cpu is about to enter schedule().</summary>
    public void NoteSleep(LaneState lane, ulong task, CpuRegisters registers) =>
        sleeps[(lane.Plan.Cpu, task)] = registers;

    /// <summary>Keeps a lane where it is; all cpus stand still.</summary>
    public void Keep(LaneState lane)
    {
        int cpu = lane.Plan.Cpu;
        CpuRegisters registers = gdb.Registers(cpu);
        if (WhereItSleeps(lane, registers) is { } asleep)
        {
            lane.At = gdb.ReadWord(cpu, asleep.Rsp);
            lane.Stack = asleep.Rsp + sizeof(ulong);
            lane.Hold = Hold.Sleeps;
        }
        else
        {
            Stop(lane, registers);
        }

        foreach ((int, ulong) old in sleeps.Keys.Where(key => key.Cpu == cpu).ToArray())
        {
            sleeps.Remove(old);
        }
    }

    /// <summary>A cpu has stopped: if its lane has just woken up, it is kept there.</summary>
    public bool KeepWoken(int cpu, CpuRegisters registers)
    {
        if (cpu >= lanes.Length || lanes[cpu] is not { Hold: Hold.Sleeps } lane || registers.Rip != lane.At)
        {
            return false;
        }

        if (registers.Rsp == lane.Stack)
        {
            Stop(lane, registers);
        }
        else
        {
            gdb.Step(cpu);
        }

        return true;
    }

    /// <summary>Lets all cpus go on but those that stand still; those that sleep are looked at when they wake
    /// up.</summary>
    public void Continue()
    {
        foreach (LaneState lane in Asleep)
        {
            gdb.SetBreakpoint(lane.At);
        }

        gdb.Continue(Moving);
    }

    /// <summary>They have stopped.</summary>
    public void Pause()
    {
        foreach (LaneState lane in Asleep)
        {
            gdb.ClearBreakpoint(lane.At);
        }
    }

    /// <summary>From now on a lane may go on where it was; all cpus stand still.</summary>
    /// <exception cref="GuestException">It does not come back from an interrupt.</exception>
    public void LetGo(LaneState lane)
    {
        if (lane.Hold == Hold.Spins)
        {
            // It may be halted, or in an interrupt, or another task may have its cpu: its next tick ends that.
            int cpu = lane.Plan.Cpu;
            ulong awake = LoopOf(cpu) + 1;
            long start = Environment.TickCount64;
            gdb.SetBreakpoint(awake);
            while (gdb.Rip(cpu) != awake)
            {
                if (Environment.TickCount64 - start > ReturnLimit.TotalMilliseconds)
                {
                    throw new GuestException($"cpu{cpu} does not come back to where it was kept");
                }

                Continue();
                if (gdb.WaitForStop(ReturnLimit) is not { } stopped)
                {
                    gdb.Interrupt();
                    stopped = cpu;
                }

                Pause();
                KeepWoken(stopped, gdb.Registers(stopped));
            }

            gdb.ClearBreakpoint(awake);
            gdb.SetRip(cpu, lane.At);
        }

        lane.Hold = Hold.None;
    }

    /// <summary>Lets all lanes go, and all cpus run.</summary>
    public void LetAllGo()
    {
        Array.ForEach(lanes, LetGo);
        gdb.Continue(Enumerable.Range(0, cpus));
    }

    /// <summary>Where its task has entered schedule(), if it has, and another one has its cpu.</summary>
    private CpuRegisters? WhereItSleeps(LaneState lane, CpuRegisters registers)
    {
        (int Cpu, ulong Task)[] found = [.. sleeps.Keys.Where(key =>
            key.Cpu == lane.Plan.Cpu && (lane.Task is null || lane.Task == key.Task))];
        bool isInKernel = registers.PerCpu >> 63 != 0;
        return found is [{ } key] && isInKernel
            && gdb.ReadWord(key.Cpu, kernel.CurrentTask + registers.PerCpu) != key.Task ? sleeps[key] : null;
    }

    private ulong LoopOf(int cpu) => kernel.Spare + (ulong)(cpu * Loop.Length);

    private void Stop(LaneState lane, CpuRegisters registers)
    {
        lane.At = registers.Rip;
        lane.Hold = registers.TakesInterrupts ? Hold.Spins : Hold.Stands;
        if (lane.Hold == Hold.Spins)
        {
            gdb.Write(lane.Plan.Cpu, LoopOf(lane.Plan.Cpu), Loop);
            gdb.SetRip(lane.Plan.Cpu, LoopOf(lane.Plan.Cpu));
        }
    }
}
