namespace Interleave;

/// <summary>One step that was taken.</summary>
/// <param name="Point">Id of the point the lane was parked at.</param>
/// <param name="Target">Id of the object it touched; <see cref="NoTarget"/> at the start of a lane.</param>
/// <param name="Cpu">The lane.</param>
/// <param name="Tag">The lane's <see cref="Interleave.Cpu.Tag"/> when the step began.</param>
/// <param name="Kind">Kind of the object.</param>
/// <param name="Preempts">Whether the lane that ran before could have gone on: this switch was the scheduler's
/// wish.</param>
public readonly record struct TraceStep(ushort Point, ushort Target, byte Cpu, byte Tag, byte Kind, bool Preempts)
{
    /// <summary>The id that stands for "no object".</summary>
    public const ushort NoTarget = ushort.MaxValue;
}
