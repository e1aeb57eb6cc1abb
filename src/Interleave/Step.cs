using System.Runtime.CompilerServices;

namespace Interleave;

/// <summary>What <see cref="Cpu.At(Point, SharedObject)"/> returns: the only thing besides a <see cref="Flow"/> that
/// may be awaited.</summary>
/// <remarks>
/// The scheduler is asked inside the await. If it chooses the same lane again the await completes at once and nothing
/// is suspended, so a lane that runs on costs no more than a call.
/// </remarks>
public readonly struct Step : ICriticalNotifyCompletion
{
    private readonly Cpu cpu;

    internal Step(Cpu cpu) => this.cpu = cpu;

    /// <summary>Whether the lane goes straight on.</summary>
    public bool IsCompleted => cpu.Machine.Arrive(cpu);

    internal Cpu Cpu => cpu;

    /// <summary>The awaiter is the step itself.</summary>
    public Step GetAwaiter() => this;

    /// <summary>Nothing: a lock that was waited for is taken by the machine when the step begins.</summary>
    public void GetResult()
    {
    }

    /// <summary>Never called: the <see cref="FlowBuilder"/> parks the lane itself.</summary>
    public void OnCompleted(Action continuation) => throw FlowBox.ForeignAwait();

    /// <summary>Never called: the <see cref="FlowBuilder"/> parks the lane itself.</summary>
    public void UnsafeOnCompleted(Action continuation) => throw FlowBox.ForeignAwait();
}
