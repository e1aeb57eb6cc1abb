namespace Interleave;

/// <summary>What a step does to the shared object that its point names.</summary>
/// <remarks>Two steps of different cpus on one object are dependent unless both are <see cref="Read"/>.</remarks>
public enum Access : byte
{
    /// <summary>Nothing shared is touched: the start of a lane, or a boundary between calls.</summary>
    None,

    /// <summary>One load, or several loads of one object that hardware or a held lock makes indivisible.</summary>
    Read,

    /// <summary>One store.</summary>
    Write,

    /// <summary>One atomic read-modify-write (atomic_inc, test_and_set_bit, cmpxchg ...).</summary>
    Rmw,

    /// <summary>Taking a lock, perhaps after waiting for it.</summary>
    Acquire,

    /// <summary>Giving a lock back where that itself is a shared access that others can race with.</summary>
    Release,
}
