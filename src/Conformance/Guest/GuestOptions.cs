namespace Conformance.Guest;

/// <summary>How a guest is run.</summary>
public sealed record GuestOptions
{
    /// <summary>Virtual cpus.</summary>
    public int Cpus { get; init; } = 1;

    /// <summary>MiB of memory on each of the two nodes.</summary>
    public int NodeMegabytes { get; init; } = 256;

    /// <summary>How long it may take to boot.</summary>
    public TimeSpan BootLimit { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long one line of operations may take.</summary>
    public TimeSpan AnswerLimit { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Added to the kernel's command line.</summary>
    public string CommandLine { get; init; } = "";

    /// <summary>Path of a socket at which the emulator answers gdb, or null for none.</summary>
    public string? GdbSocket { get; init; }
}
