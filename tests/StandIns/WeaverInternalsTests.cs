using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;
using Generators;
using Interleave;
using SharpFuzz;
using SharpFuzz.Common;
using Tests.Woven;
using Xunit;

namespace Tests.StandIns;

/// <summary>What only our weaver promises: not compiled when the original package takes its place.</summary>
public sealed class WeaverInternalsTests : IDisposable
{
    private const string Name = "Tests.Woven.Samples";
    private readonly string folder = Directory.CreateTempSubdirectory("weaving-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void The_same_assembly_gives_the_same_bytes()
    {
        byte[][] images = new byte[2][];
        for (int i = 0; i < images.Length; i++)
        {
            string copies = Directory.CreateDirectory(Path.Combine(folder, $"{i}")).FullName;
            string path = WovenContext.CopyOf(typeof(Samples).Assembly, copies);
            AssemblyWeaver.Weave(path, type => type.StartsWith(Name, StringComparison.Ordinal), notifies: false);
            images[i] = File.ReadAllBytes(path);
        }

        Assert.Equal(images[0], images[1]);
    }

    [Fact]
    public void A_woven_stack_trace_names_the_line()
    {
        using WovenContext woven = new(typeof(Samples).Assembly, Name);
        string plain = LineOfFailure();
        Assert.Contains("Samples.cs:line", plain, StringComparison.Ordinal);
        Assert.Equal(plain, woven.Call<string>(LineOfFailure));
    }

    [Fact]
    public void Nothing_but_the_images_is_left_behind()
    {
        string path = WovenContext.CopyOf(typeof(Samples).Assembly, folder);
        AssemblyWeaver.Weave(path, _ => true, notifies: false);
        Assert.Equal(["Woven.dll", "Woven.pdb"], Directory.GetFiles(folder).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Who_listens_is_told_of_each_branch_and_who_does_not_is_not_needed()
    {
        using WovenContext woven = new(typeof(Samples).Assembly, path => AssemblyWeaver.Weave(
            path, type => type.StartsWith(Name, StringComparison.Ordinal), notifies: true));
        string[] told = woven.Call<string[]>(Listen);
        Assert.Contains("Samples::Branch(System.Int32)", Assert.Single(told), StringComparison.Ordinal);
    }

    [Fact]
    public void The_number_of_a_branch_does_not_depend_on_other_methods()
    {
        EdgeIds one = new();
        EdgeIds other = new();
        other.Next("before", 0);
        Assert.Equal(one.Next("method", 0), other.Next("method", 0));
        Assert.NotEqual(one.Next("method", 1), one.Next("method", 1));
    }

    [Fact]
    public void The_same_execution_takes_the_same_edges_even_the_first_time()
    {
        // The first series meets cold caches and pools, the second runs after all others, backwards.
        using WovenContext cold = new(typeof(global::Mm.Points).Assembly, "Mm.Routines", "Mm.History");
        byte[][] first = cold.Call<byte[][]>(Edges, 60, false);
        byte[][] second = cold.Call<byte[][]>(Edges, 60, true);
        Array.Reverse(second);
        Assert.All(first, map => Assert.Contains(map, count => count != 0));
        Assert.Equal(first, second);
    }

    internal static byte[][] Edges(int count, bool backwards)
    {
        Executor executor = new(new MmEngine());
        Rng rng = new(11);
        ProgramSource source = new();
        Program[] programs = [.. Enumerable.Range(0, count).Select(_ => source.Fresh(rng))];
        return [.. (backwards ? programs.Reverse() : programs).Select(program => WeaverTests.EdgesOf(
            executor, program, new RandomScheduler(new Rng(3))))];
    }

    internal static string[] Listen()
    {
        List<string> told = [];
        Samples.Branch(1);
        Trace.OnBranch = (branch, method) => told.Add($"{branch} {method}");
        Samples.Branch(1);
        Trace.OnBranch = null;
        return [.. told];
    }

    internal static string LineOfFailure()
    {
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => Samples.Fail(1));
        return error.StackTrace!.Split('\n')[0];
    }
}
