using System.Globalization;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;

namespace FsCheck.Xunit;

/// <summary>
/// What one attribute sets, null where it sets nothing; the attributes around a method add up to a Config.
/// </summary>
internal sealed record PropertySettings
{
    public int? MaxTest { get; init; }

    public int? MaxRejected { get; init; }

    public int? StartSize { get; init; }

    public int? EndSize { get; init; }

    public string? Replay { get; init; }

    public int? Parallelism { get; init; }

    public bool? Verbose { get; init; }

    public bool? QuietOnSuccess { get; init; }

    public Type[] Arbitrary { get; init; } = [];

    /// <summary>These settings where set, the outer ones elsewhere; the Arbitrary types of both, these first.</summary>
    public PropertySettings Within(PropertySettings outer) => new()
    {
        MaxTest = MaxTest ?? outer.MaxTest,
        MaxRejected = MaxRejected ?? outer.MaxRejected,
        StartSize = StartSize ?? outer.StartSize,
        EndSize = EndSize ?? outer.EndSize,
        Replay = Replay ?? outer.Replay,
        Parallelism = Parallelism ?? outer.Parallelism,
        Verbose = Verbose ?? outer.Verbose,
        QuietOnSuccess = QuietOnSuccess ?? outer.QuietOnSuccess,
        Arbitrary = [.. Arbitrary, .. outer.Arbitrary],
    };

    /// <summary>FsCheck's quick (or verbose) configuration with these settings.</summary>
    /// <exception cref="FormatException">The replay string is no replay string.</exception>
    public Config ToConfig(IRunner runner)
    {
        var config = Verbose == true ? Config.Verbose : Config.Quick;
        config = config
            .WithMaxTest(MaxTest ?? config.MaxTest)
            .WithMaxRejected(MaxRejected ?? config.MaxRejected)
            .WithStartSize(StartSize ?? config.StartSize)
            .WithEndSize(EndSize ?? config.EndSize)
            .WithQuietOnSuccess(QuietOnSuccess ?? config.QuietOnSuccess)
            .WithArbitrary(Arbitrary)
            .WithRunner(runner);
        if (Parallelism is { } degree)
        {
            config = config.WithParallelRunConfig(new ParallelRunConfig(degree));
        }

        return Replay is null ? config : config.WithReplay(FSharpOption<Replay>.Some(ParseReplay(Replay)));
    }

    internal static Replay ParseReplay(string text)
    {
        var parts = text.Trim().TrimStart('(').TrimEnd(')').Split(',', StringSplitOptions.TrimEntries);
        var size = 0;
        if (parts.Length is not (2 or 3)
            || !ulong.TryParse(parts[0], CultureInfo.InvariantCulture, out var seed)
            || !ulong.TryParse(parts[1], CultureInfo.InvariantCulture, out var gamma)
            || (parts.Length == 3 && !int.TryParse(parts[2], CultureInfo.InvariantCulture, out size)))
        {
            throw new FormatException($"Replay is \"seed,gamma\" or \"seed,gamma,size\", not \"{text}\"");
        }

        var start = parts.Length == 3 ? FSharpOption<int>.Some(size) : FSharpOption<int>.None;
        return new Replay(new Rnd(seed, gamma), start);
    }
}
