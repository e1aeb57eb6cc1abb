namespace Fuzz.Schedules;

/// <summary>What a <see cref="ExhaustiveSearch"/> has proven.</summary>
/// <param name="Executions">The number of different schedules that the statement is about.</param>
public abstract record SearchResult(long Executions);

/// <summary>All that schedules of the program can lead to was executed, and nothing ended the search.</summary>
/// <param name="Executions">Without states: the number of schedules that the program has.</param>
/// <param name="States">States in which more than one lane could go on; 0 when they were not told apart.</param>
public sealed record Complete(long Executions, long States = 0) : SearchResult(Executions)
{
    /// <inheritdoc />
    public override string ToString() => States == 0
        ? $"all {Executions} schedules"
        : $"all schedules ({Executions} executions, {States} states)";
}

/// <summary>Every schedule with at most so many preemptions was executed, and none ended the search; there are
/// more.</summary>
/// <param name="Preemptions">The bound that was finished; -1 when the budget ended before any was.</param>
/// <param name="Executions">Without states: the number of schedules within that bound.</param>
/// <param name="States">As <see cref="Complete.States"/>.</param>
public sealed record Bounded(int Preemptions, long Executions, long States = 0) : SearchResult(Executions)
{
    /// <inheritdoc />
    public override string ToString()
    {
        string bound = Preemptions switch
        {
            0 => "0 preemptions",
            1 => "at most 1 preemption",
            _ => $"at most {Preemptions} preemptions",
        };
        return Preemptions < 0 ? "no schedules"
            : States == 0 ? $"the {Executions} schedules with {bound}"
            : $"the schedules with {bound} ({Executions} executions, {States} states)";
    }
}

/// <summary>The execution asked to end the search: this was the schedule that was looked for.</summary>
/// <param name="Preemptions">Preemptions of that schedule; when bounds ascend, no schedule with fewer was what was
/// looked for.</param>
/// <param name="Below">What is proven of all smaller bounds, or null when the schedule has none or bounds did not
/// ascend.</param>
/// <param name="Executions">Schedules executed under the last bound, this one included.</param>
public sealed record Found(int Preemptions, Bounded? Below, long Executions) : SearchResult(Executions);
