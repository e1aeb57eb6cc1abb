namespace SharpFuzz;

/// <summary>What the weaver does besides; set by environment variables, as in the original.</summary>
public sealed class Options
{
    /// <summary>The options of this process.</summary>
    public static readonly Options Value = new();

    private Options()
    {
        EnableOnBranchCallback = IsSet("SHARPFUZZ_ENABLE_ON_BRANCH_CALLBACK");
        PrintInstrumentedTypes = IsSet("SHARPFUZZ_PRINT_INSTRUMENTED_TYPES");
        InstrumentMixedModeAssemblies = IsSet("SHARPFUZZ_INSTRUMENT_MIXED_MODE_ASSEMBLIES");
    }

    /// <summary>Whether woven code tells <see cref="Common.Trace.OnBranch"/> of every branch that it takes.</summary>
    public bool EnableOnBranchCallback { get; }

    /// <summary>Whether the tool names the types that it wove.</summary>
    public bool PrintInstrumentedTypes { get; }

    /// <summary>In the original: whether to weave mixed-mode assemblies on Windows. Here they are always
    /// refused.</summary>
    public bool InstrumentMixedModeAssemblies { get; }

    private static bool IsSet(string variable) => Environment.GetEnvironmentVariable(variable) is not null;
}
