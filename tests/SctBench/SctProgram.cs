using System.Runtime.CompilerServices;
using Interleave;

namespace Tests.SctBench;

/// <summary>A program of SCTBench: a main thread that starts the others one by one, over pthreads in small. Each access
/// to a shared variable, each lock and each unlock is a step; the place in the source is its point.</summary>
/// <param name="name">The program's name there.</param>
/// <param name="threads">How many threads main starts.</param>
internal abstract class SctProgram(string name, int threads)
{
    private readonly PointTable points = new();
    private readonly Dictionary<(int Function, int Line, string Operation), Point> sites = [];
    private readonly List<Action> resets = [];
    private readonly PosixThread[] started = new PosixThread[threads + 1];
    private Machine? machine;
    private Func<Cpu, Flow>? main;
    private ushort ids;

    public Machine Machine => machine ??= new Machine(points);

    public string Name => name;

    /// <summary>Whether a deadlock is the bug, or one of them.</summary>
    protected virtual bool DeadlockIsBug => false;

    protected int Threads => threads;

    private bool Broken { get; set; }

    /// <summary>Runs once; whether the bug has shown.</summary>
    public bool Fails(IScheduler scheduler)
    {
        main ??= Main;
        Broken = false;
        foreach (Action reset in resets)
        {
            reset();
        }

        Machine.Reset(threads + 1);
        Machine.SetBody(0, main);
        Ending ending = Machine.Run(scheduler);
        if (ending == Ending.Fault)
        {
            throw new InvalidOperationException($"the model of {name} threw", Machine.Error);
        }

        return Broken || (DeadlockIsBug && ending == Ending.Deadlock);
    }

    /// <summary>What thread number <paramref name="thread"/> does, from 1.</summary>
    protected abstract Flow Thread(Cpu cpu, int thread);

    /// <summary>Which function of the original a thread runs, where the model has one for several: each has points of
    /// its own.</summary>
    protected virtual int FunctionOf(int thread) => 0;

    /// <summary>The main thread: starts all, waits for all.</summary>
    protected virtual async Flow Main(Cpu cpu)
    {
        for (int thread = 1; thread <= threads; thread++)
        {
            await Spawn(cpu, thread);
        }

        await JoinAll(cpu);
    }

    /// <summary>A shared variable.</summary>
    protected Variable Shared(string variable, int initial = 0)
    {
        Variable made = new(ids++, variable, initial);
        resets.Add(made.Reset);
        return made;
    }

    /// <summary>A mutex.</summary>
    protected KernelSpinlock Mutex(string mutex)
    {
        KernelSpinlock made = new(2, ids++, mutex);
        resets.Add(made.Reset);
        return made;
    }

    /// <summary>Something to wait for, under the mutex.</summary>
    protected Condition NewCondition(string condition)
    {
        Condition made = new(ids++, condition);
        resets.Add(made.Reset);
        return made;
    }

    protected async Flow Spawn(Cpu cpu, int thread, [CallerLineNumber] int line = 0)
    {
        PosixThread child = started[thread] ??= new PosixThread(Machine, ids++, thread);
        await cpu.At(Site(cpu, line, "create", Access.None), child);
        Machine.SetBody(thread, child.Body ??= own => Thread(own, thread));
    }

    protected async Flow Join(Cpu cpu, int thread, [CallerLineNumber] int line = 0) =>
        await cpu.At(Site(cpu, line, "join", Access.None), started[thread], started[thread]);

    protected async Flow JoinAll(Cpu cpu)
    {
        for (int thread = 1; thread <= threads; thread++)
        {
            await Join(cpu, thread);
        }
    }

    protected async Flow<int> Read(Cpu cpu, Variable variable, [CallerLineNumber] int line = 0)
    {
        await cpu.At(Site(cpu, line, "read", Access.Read), variable);
        return variable.Value;
    }

    protected async Flow Write(Cpu cpu, Variable variable, int value, [CallerLineNumber] int line = 0)
    {
        await cpu.At(Site(cpu, line, "write", Access.Write), variable);
        variable.Value = value;
    }

    /// <summary>A plain <c>variable += by</c>: a read and a write.</summary>
    protected async Flow Add(Cpu cpu, Variable variable, int by, [CallerLineNumber] int line = 0)
    {
        int before = await Read(cpu, variable, line);
        await Write(cpu, variable, before + by, line);
    }

    /// <summary>An atomic addition.</summary>
    /// <returns>The value after it.</returns>
    protected async Flow<int> AtomicAdd(Cpu cpu, Variable variable, int by, [CallerLineNumber] int line = 0)
    {
        await cpu.At(Site(cpu, line, "add", Access.Rmw), variable);
        return variable.Value += by;
    }

    protected Step Lock(Cpu cpu, KernelSpinlock mutex, [CallerLineNumber] int line = 0) =>
        mutex.Acquire(cpu, Site(cpu, line, "lock", Access.Acquire));

    protected async Flow Unlock(Cpu cpu, KernelSpinlock mutex, [CallerLineNumber] int line = 0)
    {
        await cpu.At(Site(cpu, line, "unlock", Access.Release), mutex);
        mutex.Release(cpu);
    }

    /// <summary>pthread_cond_wait: gives the mutex back and waits in one step, then takes the mutex again.</summary>
    protected async Flow Wait(
        Cpu cpu, Condition condition, KernelSpinlock mutex, [CallerLineNumber] int line = 0)
    {
        await cpu.At(Site(cpu, line, "wait", Access.Rmw), condition);
        condition.Enter(cpu);
        mutex.Release(cpu);
        await cpu.At(Site(cpu, line, "woken", Access.Rmw), condition, condition);
        await Lock(cpu, mutex, line);
    }

    /// <summary>pthread_cond_signal: wakes who waits longest.</summary>
    protected async Flow Signal(Cpu cpu, Condition condition, [CallerLineNumber] int line = 0)
    {
        await cpu.At(Site(cpu, line, "signal", Access.Rmw), condition);
        condition.Wake();
    }

    /// <summary>The program's assertion.</summary>
    protected void Assert(bool holds)
    {
        if (!holds)
        {
            Broken = true;
            Machine.Stop();
        }
    }

    /// <summary>The point of an operation at a line of the model.</summary>
    protected Point Site(Cpu cpu, int line, string operation, Access access)
    {
        int function = FunctionOf(cpu.Index);
        if (!sites.TryGetValue((function, line, operation), out Point? point))
        {
            point = points.Add($"{operation}:{function}:{line}", name, access);
            sites.Add((function, line, operation), point);
        }

        return point;
    }
}

/// <summary>A shared number.</summary>
internal sealed class Variable(ushort id, string name, int initial) : SharedObject(1, id)
{
    public int Value { get; set; }

    public override string Name => name;

    public void Reset() => Value = initial;
}

/// <summary>A thread that can be waited for.</summary>
internal sealed class PosixThread(Machine machine, ushort id, int lane) : SharedObject(3, id), IWaitable
{
    public Func<Cpu, Flow>? Body { get; set; }

    public override string Name => $"thread {lane}";

    public bool IsReady(Cpu cpu) => machine.Cpus[lane].Done;

    public void Blockers(Cpu cpu, ICollection<Cpu> into) => into.Add(machine.Cpus[lane]);
}

/// <summary>A condition variable: who waits, in order.</summary>
internal sealed class Condition(ushort id, string name) : SharedObject(4, id), IWaitable
{
    private readonly List<Cpu> waiting = [];

    public override string Name => name;

    public void Enter(Cpu cpu) => waiting.Add(cpu);

    public void Wake()
    {
        if (waiting.Count > 0)
        {
            waiting.RemoveAt(0);
        }
    }

    public void Reset() => waiting.Clear();

    public bool IsReady(Cpu cpu) => !waiting.Contains(cpu);

    public void Blockers(Cpu cpu, ICollection<Cpu> into)
    {
    }
}
