namespace Interleave;

/// <summary>What becomes of a lane that arrives at a point.</summary>
internal enum Pace : byte
{
    /// <summary>The scheduler is asked at once; the lane that is chosen again goes straight on.</summary>
    Asks,

    /// <summary>It is parked, whoever is next, so that all of the state is in the heap when the scheduler is
    /// asked.</summary>
    Parks,

    /// <summary>It goes straight on.</summary>
    Solo,
}
