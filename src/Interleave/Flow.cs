using System.Runtime.CompilerServices;

namespace Interleave;

/// <summary>What a routine of an engine returns: a call that may be suspended at its points. Awaited exactly once, at
/// once.</summary>
/// <remarks>Only steps and flows can be awaited inside; a foreign await (Task, ValueTask, Yield) is refused at run
/// time.</remarks>
[AsyncMethodBuilder(typeof(FlowBuilder))]
public readonly struct Flow : ICriticalNotifyCompletion, IFlowAwaiter
{
    private readonly FlowBox? box;

    internal Flow(FlowBox? box) => this.box = box;

    /// <summary>A flow that ended without suspending.</summary>
    public static Flow Done => default;

    /// <summary>A flow that ended with this result without suspending.</summary>
    public static Flow<T> Of<T>(T result) => new(null, result);

    /// <summary>Whether it ended already.</summary>
    public bool IsCompleted => box is null || box.Completed;

    FlowBox? IFlowAwaiter.Box => box;

    internal FlowBox? Box => box;

    /// <summary>The awaiter is the flow itself.</summary>
    public Flow GetAwaiter() => this;

    /// <summary>Rethrows what the routine threw and gives its box back to the pool.</summary>
    public void GetResult() => box?.Finish();

    /// <summary>Never called: the <see cref="FlowBuilder"/> links the flows itself.</summary>
    public void OnCompleted(Action continuation) => throw FlowBox.ForeignAwait();

    /// <summary>Never called: the <see cref="FlowBuilder"/> links the flows itself.</summary>
    public void UnsafeOnCompleted(Action continuation) => throw FlowBox.ForeignAwait();
}

/// <summary>A <see cref="Flow"/> with a result.</summary>
[AsyncMethodBuilder(typeof(FlowBuilder<>))]
public readonly struct Flow<T> : ICriticalNotifyCompletion, IFlowAwaiter
{
    private readonly FlowBox<T>? box;
    private readonly T result;

    internal Flow(FlowBox<T>? box, T result)
    {
        this.box = box;
        this.result = result;
    }

    /// <summary>Whether it ended already.</summary>
    public bool IsCompleted => box is null || box.Completed;

    FlowBox? IFlowAwaiter.Box => box;

    /// <summary>The awaiter is the flow itself.</summary>
    public Flow<T> GetAwaiter() => this;

    /// <summary>The result, or what the routine threw; gives its box back to the pool.</summary>
    public T GetResult()
    {
        if (box is null)
        {
            return result;
        }

        T value = box.Result;
        box.Finish();
        return value;
    }

    /// <summary>Never called: the <see cref="FlowBuilder"/> links the flows itself.</summary>
    public void OnCompleted(Action continuation) => throw FlowBox.ForeignAwait();

    /// <summary>Never called: the <see cref="FlowBuilder"/> links the flows itself.</summary>
    public void UnsafeOnCompleted(Action continuation) => throw FlowBox.ForeignAwait();
}

/// <summary>How a builder gets at the box of the flow it awaits without knowing its type.</summary>
internal interface IFlowAwaiter
{
    FlowBox? Box { get; }
}
