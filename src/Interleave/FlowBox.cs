using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Interleave;

/// <summary>The heap home of a suspended routine. Pooled: a steady execution allocates nothing.</summary>
/// <remarks>A box that never completes (the execution was stopped) is simply left to the garbage collector.</remarks>
internal abstract class FlowBox(FlowPools pools)
{
    /// <summary>Where it came from and goes back to.</summary>
    [NotState("free memory")]
    public readonly FlowPools Pools = pools;

    /// <summary>The routine that awaits this one, or null for the outermost.</summary>
    public FlowBox? Parent;

    /// <summary>Whether the routine ran to its end.</summary>
    public bool Completed;

    /// <summary>What it threw.</summary>
    public ExceptionDispatchInfo? Error;

    /// <summary>Runs the routine to its next suspension or its end.</summary>
    public abstract void MoveNext();

    /// <summary>Returns the box to its pool.</summary>
    protected abstract void Recycle();

    public void Finish()
    {
        ExceptionDispatchInfo? error = Error;
        Parent = null;
        Completed = false;
        Error = null;
        Recycle();
        error?.Throw();
    }

    /// <summary>Marks the end and goes on with the awaiting routine.</summary>
    public void Complete()
    {
        Completed = true;
        Parent?.MoveNext();
    }

    public static InvalidOperationException ForeignAwait() => new(
        "a Flow may await only steps (cpu.At ...) and other Flows: anything else would escape the scheduler");
}

/// <summary>A box of a routine with a result.</summary>
internal abstract class FlowBox<T>(FlowPools pools) : FlowBox(pools)
{
    public T Result = default!;
}

/// <summary>The concrete box: the compiler's state machine lives in it.</summary>
internal sealed class FlowBox<T, TStateMachine> : FlowBox<T>
    where TStateMachine : IAsyncStateMachine
{
    private static readonly int Type = FlowPools.NewType();

    public TStateMachine StateMachine = default!;

    private FlowBox(FlowPools pools)
        : base(pools)
    {
    }

    public static FlowBox<T, TStateMachine> Rent(FlowPools pools)
    {
        FlowBox? box = pools.Take(Type);
        return box is null ? new FlowBox<T, TStateMachine>(pools) : Unsafe.As<FlowBox<T, TStateMachine>>(box);
    }

    public override void MoveNext() => StateMachine.MoveNext();

    protected override void Recycle()
    {
        // The state machine is not cleared: its fields are overwritten at the next rent, and clearing costs more than
        // the short-lived references it would free (they point into the pooled engine state).
        Result = default!;
        Pools.Give(Type, this);
    }
}
