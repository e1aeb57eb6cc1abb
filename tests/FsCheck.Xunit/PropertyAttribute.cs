using Xunit;
using Xunit.Sdk;

namespace FsCheck.Xunit;

/// <summary>
/// Marks a test method whose parameters FsCheck generates and shrinks: it may return nothing, bool, Property, Task,
/// Task of one of these, or whatever else FsCheck can test. What is not set here comes from the
/// <see cref="PropertiesAttribute"/> of the class, its enclosing classes, the assembly, then FsCheck's quick config.
/// </summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Property)]
[XunitTestCaseDiscoverer("FsCheck.Xunit.PropertyDiscoverer", "FsCheck.Xunit")]
public class PropertyAttribute : FactAttribute
{
    internal PropertySettings Settings { get; private set; } = new();

    /// <summary>How many generated cases have to pass; FsCheck's default is 100.</summary>
    public int MaxTest
    {
        get => Settings.MaxTest ?? Config.Quick.MaxTest;
        set => Settings = Settings with { MaxTest = value };
    }

    /// <summary>
    /// How many cases the property may reject before the arguments count as exhausted: 1000 by default.
    /// </summary>
    public int MaxRejected
    {
        get => Settings.MaxRejected ?? Config.Quick.MaxRejected;
        set => Settings = Settings with { MaxRejected = value };
    }

    /// <summary>The generators' size for the first case, 1 by default; it grows linearly to the end size.</summary>
    public int StartSize
    {
        get => Settings.StartSize ?? Config.Quick.StartSize;
        set => Settings = Settings with { StartSize = value };
    }

    /// <summary>The generators' size for the last case, 100 by default.</summary>
    public int EndSize
    {
        get => Settings.EndSize ?? Config.Quick.EndSize;
        set => Settings = Settings with { EndSize = value };
    }

    /// <summary>
    /// The seed of an earlier run, as a failure prints it: "seed,gamma" repeats that run, "seed,gamma,size" only its
    /// one case of that size; parentheses may stay. A random seed when null or empty.
    /// </summary>
    public string? Replay
    {
        get => Settings.Replay;
        set => Settings = Settings with { Replay = string.IsNullOrEmpty(value) ? null : value };
    }

    /// <summary>How many cases may run at the same time; one after the other when not set.</summary>
    public int Parallelism
    {
        get => Settings.Parallelism ?? 0;
        set => Settings = Settings with { Parallelism = value };
    }

    /// <summary>Whether every case's arguments and every successful shrink go to the test's output.</summary>
    public bool Verbose
    {
        get => Settings.Verbose ?? false;
        set => Settings = Settings with { Verbose = value };
    }

    /// <summary>Whether a passing property keeps FsCheck's summary to itself.</summary>
    public bool QuietOnSuccess
    {
        get => Settings.QuietOnSuccess ?? Config.Quick.QuietOnSuccess;
        set => Settings = Settings with { QuietOnSuccess = value };
    }

    /// <summary>
    /// Types whose public static members give Arbitrary instances. For a type given twice, the earlier in the array
    /// wins, and the method's over the class's over the assembly's.
    /// </summary>
    public Type[] Arbitrary
    {
        get => Settings.Arbitrary;
        set => Settings = Settings with { Arbitrary = value };
    }
}
