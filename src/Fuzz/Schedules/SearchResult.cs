namespace Fuzz.Schedules;

/// <summary>What a <see cref="BoundedSearch"/> has proven.</summary>
/// <param name="Executions">The number of different schedules that the statement is about.</param>
public abstract record SearchResult(long Executions);

/// <summary>Every schedule of the program was executed, and none ended the search.</summary>
/// <param name="Executions">Number of schedules that the program has.</param>
public sealed record Complete(long Executions) : SearchResult(Executions)
{
    /// <inheritdoc />
    public override string ToString() => $"all {Executions} schedules";
}

/// <summary>Every schedule with at most so many preemptions was executed, and none ended the search; there are
/// more.</summary>
/// <param name="Preemptions">The bound that was finished; -1 when the budget ended before any was.</param>
/// <param name="Executions">Number of schedules within that bound.</param>
public sealed record Bounded(int Preemptions, long Executions) : SearchResult(Executions)
{
    /// <inheritdoc />
    public override string ToString() => Preemptions switch
    {
        < 0 => "no schedules",
        0 => $"the {Executions} schedules with 0 preemptions",
        1 => $"the {Executions} schedules with at most 1 preemption",
        _ => $"the {Executions} schedules with at most {Preemptions} preemptions",
    };
}

/// <summary>The execution asked to end the search: this was the schedule that was looked for.</summary>
/// <param name="Preemptions">Preemptions of that schedule; when bounds ascend, no schedule with fewer was what was
/// looked for.</param>
/// <param name="Below">What is proven of all smaller bounds, or null when the schedule has none or bounds did not
/// ascend.</param>
/// <param name="Executions">Schedules executed under the last bound, this one included.</param>
public sealed record Found(int Preemptions, Bounded? Below, long Executions) : SearchResult(Executions);
