using System.Globalization;
using SharpFuzz;
using SharpFuzz.Common;
using Tests.Woven;
using Xunit;

namespace Tests.StandIns;

/// <summary>What weaving does to methods and files.</summary>
public sealed class WeavingTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("weaving-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Woven_methods_do_what_they_did()
    {
        using WovenContext woven = new(typeof(Samples).Assembly, "Tests.Woven.Samples");
        Assert.Contains("Tests.Woven.Samples", woven.Types);
        for (int n = 0; n < 9; n++)
        {
            Assert.Equal(Samples.All(n), woven.Call<string>(Samples.All, n));
        }
    }

    [Fact]
    public void Every_way_through_a_method_has_edges_of_its_own()
    {
        using WovenContext woven = new(typeof(Samples).Assembly, "Tests.Woven.Samples");
        string Count(string sample, params int[] numbers) => woven.Call<string>(CountWays, sample, numbers);
        Assert.Equal("2 different of 2", Count(nameof(Samples.Branch), 0, 9));
        Assert.Equal("5 different of 5", Count(nameof(Samples.Cases), 0, 1, 2, 4, 5));
        Assert.Equal("2 different of 2", Count(nameof(Samples.Caught), 0, 1));
        Assert.Equal("3 different of 3", Count(nameof(Samples.Filtered), 0, 1, 2));
        Assert.Equal("1 different of 3", Count(nameof(Samples.Branch), 0, 1, 2));
    }

    [Fact]
    public void What_is_woven_already_is_refused_and_left_as_it_is()
    {
        string path = WovenContext.CopyOf(typeof(Samples).Assembly, folder);
        Weave(path);
        byte[] woven = File.ReadAllBytes(path);
        InstrumentationException error = Assert.Throws<InstrumentationException>(() => Weave(path));
        Assert.Contains("already instrumented", error.Message, StringComparison.Ordinal);
        Assert.Equal(woven, File.ReadAllBytes(path));
    }

    [Fact]
    public void An_assembly_with_native_code_is_refused()
    {
        string path = WovenContext.CopyOf(typeof(Uri).Assembly, folder);
        InstrumentationException error = Assert.Throws<InstrumentationException>(() => Weave(path));
        Assert.Contains("mixed-mode", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_no_assembly_is_refused_and_left_as_it_is()
    {
        string path = Path.Combine(folder, "text.dll");
        File.WriteAllText(path, "no assembly");
        Assert.ThrowsAny<Exception>(() => Weave(path));
        Assert.Equal("no assembly", File.ReadAllText(path));
    }

    /// <summary>How many different sets of edges a sample leaves for these numbers.</summary>
    internal static unsafe string CountWays(string sample, int[] numbers)
    {
        object? Run(int n) => typeof(Samples).GetMethod(sample)!.Invoke(null, [n]);
        HashSet<string> ways = [];
        foreach (int n in numbers)
        {
            Run(n);
            new Span<byte>(Trace.SharedMem, 1 << 16).Clear();
            Trace.PrevLocation = 0;
            Run(n);
            ways.Add(Convert.ToHexString(new ReadOnlySpan<byte>(Trace.SharedMem, 1 << 16)));
        }

        return string.Create(CultureInfo.InvariantCulture, $"{ways.Count} different of {numbers.Length}");
    }

    private static void Weave(string path) => Fuzzer.Instrument(path, _ => true, Options.Value);
}
