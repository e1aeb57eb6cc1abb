using System.Globalization;
using Fuzz.Execution;

namespace Fuzz.Campaign;

/// <summary>How far a story's symptom is from its precursor, and how often each of them shows.</summary>
/// <remarks>
/// A precursor never ends an execution: it is noted, and the lanes go on until a symptom shows or everything has exited
/// (see <see cref="IEngine.AfterStep"/>). So one execution shows both, or the first alone. What shows only at rest or
/// after the end is counted at the last step.
/// </remarks>
public sealed class Aftermath
{
    private readonly List<int> distances = [];

    /// <summary>Executions.</summary>
    public long Executions { get; private set; }

    /// <summary>Those that broke a precursor law.</summary>
    public long Precursors { get; private set; }

    /// <summary>Those that the kernel or a user would have noticed.</summary>
    public long Symptoms { get; private set; }

    /// <summary>Hunts that this comes from.</summary>
    public int Seeds { get; private set; }

    /// <summary>Hunts in whose program a precursor showed.</summary>
    public int SeedsWithPrecursor { get; private set; }

    /// <summary>Hunts in whose program a symptom showed.</summary>
    public int SeedsWithSymptom { get; private set; }

    /// <summary>Median of the steps from the first precursor to the first symptom; null when no execution showed
    /// both.</summary>
    public int? Distance
    {
        get
        {
            int[] sorted = [.. distances.Order()];
            return sorted.Length == 0 ? null : sorted[(sorted.Length - 1) / 2];
        }
    }

    /// <summary>Counts one execution.</summary>
    public void Add(Verdict verdict)
    {
        Executions++;
        Violation? precursor = verdict.Precursor;
        Violation? symptom = verdict.Symptom;
        Precursors += precursor is null ? 0 : 1;
        Symptoms += symptom is null ? 0 : 1;
        if (precursor is not null && symptom is not null)
        {
            distances.Add(symptom.Step - precursor.Step);
        }
    }

    /// <summary>Adds what another hunt came to.</summary>
    public void Add(Aftermath hunt)
    {
        Executions += hunt.Executions;
        Precursors += hunt.Precursors;
        Symptoms += hunt.Symptoms;
        Seeds++;
        SeedsWithPrecursor += hunt.Precursors > 0 ? 1 : 0;
        SeedsWithSymptom += hunt.Symptoms > 0 ? 1 : 0;
        distances.AddRange(hunt.distances);
    }

    /// <summary>The distance in words, for the header of a reproducer.</summary>
    public string DescribeDistance()
    {
        if (Distance is not { } median)
        {
            return Symptoms == 0
                ? $"no symptom in {Executions} executions"
                : "none: no precursor before the symptom";
        }

        return median == distances.Max()
            ? $"{median} steps"
            : $"{median} steps in the median, at most {distances.Max()}";
    }

    /// <summary>The rates in words, for the header of a reproducer.</summary>
    public string DescribeRates() =>
        $"precursor in {Share(Precursors)} of executions ({SeedsWithPrecursor} of {Seeds} seeds), symptom in "
        + $"{Share(Symptoms)} ({SeedsWithSymptom} of {Seeds})";

    private string Share(long part) =>
        $"{(100.0 * part / Math.Max(Executions, 1)).ToString("0.##", CultureInfo.InvariantCulture)} %";
}
