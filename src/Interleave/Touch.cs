namespace Interleave;

/// <summary>One object that a step has touched, as far as the machine knows: the one that its point declares, and the
/// locks that it took or gave back.</summary>
/// <param name="Step">Number of the step in the trace.</param>
/// <param name="Object">Id of the object, or <see cref="Grace"/>.</param>
/// <param name="Writes">Whether steps of other lanes that only read it depend on this one.</param>
/// <param name="Awaited">Whether the step could not begin before the object allowed it.</param>
public readonly record struct Touch(int Step, ushort Object, bool Writes, bool Awaited)
{
    /// <summary>Stands for what nobody declares: RCU's read sections, and what a lane waits for besides
    /// locks.</summary>
    public const ushort Grace = ushort.MaxValue - 1;

    /// <summary>Whether two steps of different lanes that touch these do not commute.</summary>
    public bool Conflicts(Touch other) => Object == other.Object && (Writes || other.Writes);
}
