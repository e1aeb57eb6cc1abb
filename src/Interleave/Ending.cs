namespace Interleave;

/// <summary>How an execution ended.</summary>
public enum Ending
{
    /// <summary>Every lane ran to its end.</summary>
    Completed,

    /// <summary>Nobody can run and somebody is not done.</summary>
    Deadlock,

    /// <summary>The step limit was reached.</summary>
    Livelock,

    /// <summary>The check or the scheduler stopped it.</summary>
    Stopped,

    /// <summary>A routine threw: a defect of the engine.</summary>
    Fault,
}
