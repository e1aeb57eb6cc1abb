namespace Interleave;

/// <summary>Something a lane can wait for. A predicate, never a retry loop, so that a waiting lane costs no
/// schedules.</summary>
public interface IWaitable
{
    /// <summary>Whether the lane may go on now. Must be pure.</summary>
    bool IsReady(Cpu cpu);

    /// <summary>Fills <paramref name="into"/> with the lanes that must act first, for the deadlock report.</summary>
    void Blockers(Cpu cpu, ICollection<Cpu> into);
}

/// <summary>A waitable that the lane holds once it went on: taking it is part of the step.</summary>
public interface ITakeable : IWaitable
{
    /// <summary>Makes the lane the holder. Called only when <see cref="IWaitable.IsReady"/>.</summary>
    void Take(Cpu cpu);
}
