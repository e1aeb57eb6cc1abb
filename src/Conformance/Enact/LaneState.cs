namespace Conformance.Enact;

/// <summary>How far a lane is on a real kernel.</summary>
/// <param name="plan">What it does.</param>
internal sealed class LaneState(EnactLane plan)
{
    private readonly string?[] answers = new string?[plan.Calls.Count];

    /// <summary>What it does.</summary>
    public EnactLane Plan => plan;

    /// <summary>Calls that have ended.</summary>
    public int Ended { get; private set; }

    /// <summary>Whether it is in the middle of a call.</summary>
    public bool IsRunning { get; private set; }

    /// <summary>Whether all its calls have ended.</summary>
    public bool IsDone => Ended == plan.Calls.Count;

    /// <summary>The call that it is in, or that it makes next.</summary>
    public EnactCall Call => plan.Calls[Ended];

    /// <summary>The task of its call, once that is known.</summary>
    public ulong? Task { get; set; }

    /// <summary>How its cpu is kept where it is.</summary>
    public Hold Hold { get; set; }

    /// <summary>Where it is kept, or goes on when it wakes up.</summary>
    public ulong At { get; set; }

    /// <summary>Its stack when it went to sleep last; with <see cref="At"/>.</summary>
    public ulong Stack { get; set; }

    /// <summary>What was answered, by call.</summary>
    public IReadOnlyList<string?> Answers => answers;

    /// <summary>A call begins.</summary>
    public void Begin() => (IsRunning, Task) = (true, null);

    /// <summary>It ends.</summary>
    public void End() => (IsRunning, Ended) = (false, Ended + 1);

    /// <summary>The answer to a call that has ended.</summary>
    public void Answered(int call, string answer) => answers[call] = answer;
}

/// <summary>How a cpu in the middle of a call is kept from going on.</summary>
internal enum Hold
{
    /// <summary>It is not.</summary>
    None,

    /// <summary>It runs a loop, and takes interrupts: what others ask of it is done.</summary>
    Spins,

    /// <summary>It stands still: it takes no interrupts there.</summary>
    Stands,

    /// <summary>It waits for somebody by itself, and will be kept as soon as it wakes up.</summary>
    Sleeps,
}
