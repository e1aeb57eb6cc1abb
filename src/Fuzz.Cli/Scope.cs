using Fuzz.Campaign;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Reporting;

namespace Fuzz.Cli;

/// <summary>Of which programs something is said, in words.</summary>
/// <param name="Names">The calls that they are made of.</param>
/// <param name="Shape">Their world.</param>
/// <param name="Cpus">Most lanes.</param>
/// <param name="Numbers">Greatest count.</param>
/// <param name="Variants">The kernel that they run on.</param>
internal sealed record Scope(
    IReadOnlyCollection<string> Names, int[] Shape, int Cpus, int Numbers, IReadOnlyList<string> Variants)
{
    /// <summary>The programs that are made as a reproducer's is: of calls by these names, in its world.</summary>
    public static Scope Of(Reproducer reproducer)
    {
        Program program = reproducer.Program;
        Call[] calls = [.. program.Setup, .. program.Cpus.SelectMany(lane => lane)];
        IEnumerable<int> numbers =
            from call in calls
            from parameter in MmLanguage.Instance.Calls[call.Kind].Parameters.Index()
            where !parameter.Item.IsIdentifier
            select (int)call[parameter.Index];
        return new Scope(
            [.. MmLanguage.Instance.Calls.Where(info => calls.Any(call => call.Kind == info.Kind)).Select(i => i.Name)],
            program.Shape, program.Cpus.Length, numbers.Append(1).Max(), reproducer.Variants);
    }

    /// <summary>The programs.</summary>
    public ProgramEnumerator Programs() => new(MmLanguage.Instance, Shape, Names, Cpus, Numbers);

    /// <summary>What is proven, when that is anything.</summary>
    /// <param name="result">The search.</param>
    /// <param name="fails">What no program does.</param>
    public string Claim(ScopeResult result, string fails = "fails")
    {
        ScopeSize[] proven = [.. result.Sizes.Take(result.Proven)];
        return $"none of the {proven.Sum(size => size.Programs):#,0} programs of at most {proven.Length} calls over "
            + $"{this} {fails} ({proven.Sum(size => size.Explored):#,0} explored, "
            + $"{proven.Sum(size => size.Executions):#,0} executions)";
    }

    /// <summary>A program that fails, as a reproducer whose header says what is known of smaller ones.</summary>
    public Reproducer Reproduce(ScopeFailure failure, ScopeResult result) =>
        new(failure.Program, failure.Schedule, failure.Signature)
        {
            Variants = Variants,
            Engine = EngineVersion.Current,
            Minimal = result.Proven == 0 ? null : $"calls proven: {Claim(result)}",
        };

    /// <inheritdoc />
    public override string ToString() => string.Join(", ", Names)
        + (Numbers > 1 ? $" with counts up to {Numbers}" : "")
        + $" on {(Cpus == 1 ? "1 cpu" : $"at most {Cpus} cpus")}";
}
