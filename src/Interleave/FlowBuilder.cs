using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Interleave;

/// <summary>Builds a <see cref="Flow"/>; used by the compiler only.</summary>
public struct FlowBuilder
{
    private FlowBox<int>? box;

    /// <summary>The flow handed to the caller.</summary>
    public readonly Flow Task => new(box);

    /// <summary>A fresh builder.</summary>
    public static FlowBuilder Create() => default;

    /// <summary>Runs the routine until it first suspends.</summary>
    public readonly void Start<TStateMachine>(ref TStateMachine stateMachine)
        where TStateMachine : IAsyncStateMachine => stateMachine.MoveNext();

    /// <summary>Not used with pooled boxes.</summary>
    public readonly void SetStateMachine(IAsyncStateMachine stateMachine)
    {
    }

    /// <summary>The routine ended.</summary>
    public readonly void SetResult() => box?.Complete();

    /// <summary>The routine threw.</summary>
    public readonly void SetException(Exception exception)
    {
        if (box is null)
        {
            ExceptionDispatchInfo.Throw(exception);
        }

        box.Error = ExceptionDispatchInfo.Capture(exception);
        box.Complete();
    }

    /// <summary>Suspends at a step or on another flow.</summary>
    public void AwaitOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : INotifyCompletion
        where TStateMachine : IAsyncStateMachine =>
        FlowSuspension.Suspend<int, TAwaiter, TStateMachine>(ref box, ref awaiter, ref stateMachine);

    /// <summary>Suspends at a step or on another flow.</summary>
    public void AwaitUnsafeOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : ICriticalNotifyCompletion
        where TStateMachine : IAsyncStateMachine =>
        FlowSuspension.Suspend<int, TAwaiter, TStateMachine>(ref box, ref awaiter, ref stateMachine);
}

/// <summary>Builds a <see cref="Flow{T}"/>; used by the compiler only.</summary>
public struct FlowBuilder<T>
{
    private FlowBox<T>? box;
    private T result;

    /// <summary>The flow handed to the caller.</summary>
    public readonly Flow<T> Task => new(box, result);

    /// <summary>A fresh builder.</summary>
    public static FlowBuilder<T> Create() => default;

    /// <summary>Runs the routine until it first suspends.</summary>
    public readonly void Start<TStateMachine>(ref TStateMachine stateMachine)
        where TStateMachine : IAsyncStateMachine => stateMachine.MoveNext();

    /// <summary>Not used with pooled boxes.</summary>
    public readonly void SetStateMachine(IAsyncStateMachine stateMachine)
    {
    }

    /// <summary>The routine ended with this result.</summary>
    public void SetResult(T value)
    {
        if (box is null)
        {
            result = value;
            return;
        }

        box.Result = value;
        box.Complete();
    }

    /// <summary>The routine threw.</summary>
    public readonly void SetException(Exception exception)
    {
        if (box is null)
        {
            ExceptionDispatchInfo.Throw(exception);
        }

        box.Error = ExceptionDispatchInfo.Capture(exception);
        box.Complete();
    }

    /// <summary>Suspends at a step or on another flow.</summary>
    public void AwaitOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : INotifyCompletion
        where TStateMachine : IAsyncStateMachine =>
        FlowSuspension.Suspend(ref box, ref awaiter, ref stateMachine);

    /// <summary>Suspends at a step or on another flow.</summary>
    public void AwaitUnsafeOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : ICriticalNotifyCompletion
        where TStateMachine : IAsyncStateMachine =>
        FlowSuspension.Suspend(ref box, ref awaiter, ref stateMachine);
}

/// <summary>The one way a routine is suspended, shared by both builders.</summary>
internal static class FlowSuspension
{
    public static void Suspend<T, TAwaiter, TStateMachine>(
        ref FlowBox<T>? box, ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : INotifyCompletion
        where TStateMachine : IAsyncStateMachine
    {
        if (typeof(TAwaiter) == typeof(Step))
        {
            Cpu cpu = Unsafe.As<TAwaiter, Step>(ref awaiter).Cpu;
            FlowBox<T> home = box ?? Home(ref box, ref stateMachine, cpu.Machine.Pools);

            // A reference is stored only when it changes: a routine that suspends again is its lane's leaf already.
            if (cpu.Leaf != home)
            {
                cpu.Leaf = home;
            }
        }
        else if (awaiter is IFlowAwaiter)
        {
            FlowBox child = ((IFlowAwaiter)awaiter).Box!;
            child.Parent = box ?? Home(ref box, ref stateMachine, child.Pools);
        }
        else
        {
            throw FlowBox.ForeignAwait();
        }
    }

    private static FlowBox<T, TStateMachine> Home<T, TStateMachine>(
        ref FlowBox<T>? box, ref TStateMachine stateMachine, FlowPools pools)
        where TStateMachine : IAsyncStateMachine
    {
        FlowBox<T, TStateMachine> home = FlowBox<T, TStateMachine>.Rent(pools);

        // `box` is a field of the builder inside `stateMachine`: it must be set before the copy.
        box = home;
        home.StateMachine = stateMachine;
        return home;
    }
}
