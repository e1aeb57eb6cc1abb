using Tests.Defects;
using Fuzz.Programs;
using Mm.State;
using Tests.Mm;
using Xunit;

namespace Tests.Conformance;

/// <summary>Cases of the kernel's own selftests (tools/testing/selftests/mm, v6.18), as programs: the engine does what
/// they expect. That kernels do is shown by <c>fuzz conform corpus/conformance/selftests/*.program</c>.</summary>
public class SelftestTests
{
    private const int First = 1;

    private static readonly string folder =
        Path.Combine(CorpusFolder.Root, "corpus", "conformance", "selftests");

    private static readonly Dictionary<string, Action<World>> copies = new(StringComparer.Ordinal)
    {
        ["cow-basic"] = ChildKeepsFirst,
        ["cow-mprotect"] = ChildKeepsFirst,
        ["cow-swapped"] = ChildKeepsFirst,
        ["cow-thp"] = ChildKeepsFirst,
        ["cow-partially-mapped-thp"] = ChildKeepsFirst,
        ["cow-collapse"] = ChildKeepsFirst,
        ["cow-vmsplice-child"] = world => PipeKeepsFirst(world, 0),
        ["cow-vmsplice-child-mprotect"] = world => PipeKeepsFirst(world, 0),
        ["cow-vmsplice-before-fork"] = world => PipeKeepsFirst(world, 1),
        ["cow-vmsplice-parent"] = world => PipeKeepsFirst(world, 1),
        ["mlock-lock"] = world =>
        {
            Assert.All([0, 1], page => Assert.False(world.Folio(0, page).Has(PageFlag.Mlocked)));
            Assert.False(Assert.Single(world.Mm(0).Vmas).IsLocked);
        },
        ["mlock-vma-management"] = OneMapping,
        ["mremap-move"] = world =>
        {
            Assert.Equal(First, world.Folio(0, 2).Data);
            Assert.Null(world.Mm(0).FindVma(0));
            Assert.False(world.Effective[^1]);
        },
        ["mremap-across-tables"] = world =>
        {
            Assert.NotEqual(world.Folio(0, 5).Data, world.Folio(0, 6).Data);
            Assert.Equal(First, world.Folio(0, 5).Data);
            Assert.Equal(2, world.FoliosInUse);
        },
        ["mremap-over"] = world => Assert.Equal(First, world.Folio(0, 2).Data),
        ["mremap-swapped"] = world => Assert.Equal(First, world.Folio(0, 2).Data),
    };

    private static readonly Dictionary<string, Action<World>> merges = new(StringComparer.Ordinal)
    {
        ["merge-unfaulted-left"] = OneMapping,
        ["merge-unfaulted-right"] = OneMapping,
        ["merge-unfaulted-both"] = OneMapping,
        ["merge-faulted-left"] = OneMapping,
        ["merge-mremap-unfaulted"] = OneMapping,
        ["merge-mremap-back"] = OneMapping,
        ["merge-forked-target"] = world => Assert.Equal(2, world.Mm(1).Vmas.Count),
        ["merge-mremap-between"] = world =>
        {
            Assert.Equal(2, world.Mm(0).FindVma(0)!.End);
            Assert.NotSame(world.Mm(0).FindVma(0)!.AnonVma, world.Mm(0).FindVma(2)!.AnonVma);
        },
        ["migration-private"] = world => Assert.Equal(First, world.Folio(0, 0).Data),
        ["migration-shared"] = world =>
        {
            Assert.Same(world.Folio(0, 0), world.Folio(1, 0));
            Assert.Equal(First, world.Folio(0, 0).Data);
        },
        ["migration-shmem"] = world => Assert.Same(world.Folio(0, 0), world.Folio(1, 0)),
        ["migration-thp"] = world =>
        {
            Assert.True(world.Folio(0, 0).IsLarge);
            Assert.Equal(First, world.Kernel.PageOf(world.Pte(0, 0)).Data);
        },
        ["move"] = world =>
        {
            Assert.Equal(First, world.Folio(0, 1).Data);
            Assert.Equal(PteKind.Zero, world.Pte(0, 0).Kind);
        },
        ["move-swapped"] = world => Assert.Equal(First, world.Folio(0, 1).Data),
        ["move-shared"] = world =>
        {
            Assert.Equal(First, world.Folio(0, 0).Data);
            Assert.True(world.Pte(0, 1).IsNone);
        },
    };

    private static readonly Dictionary<string, Action<World>> losses = new(StringComparer.Ordinal)
    {
        ["dontneed"] = world => Assert.Equal(PteKind.Zero, world.Pte(0, 0).Kind),
        ["free-pageout"] = world =>
        {
            Assert.Equal(PteKind.Zero, world.Pte(0, 0).Kind);
            Assert.Equal(0, world.Swap.InUse());
        },
        ["free-store"] = world => Assert.NotEqual(0, world.Folio(0, 0).Data),
        ["dontfork"] = world =>
        {
            Assert.Null(world.Mm(1).FindVma(0));
            Assert.Equal([false, true], world.Effective.TakeLast(2));
        },
        ["poison"] = world => Assert.False(world.Effective[^1]),
        ["soft-offline"] = world => Assert.Equal(First, world.Folio(0, 0).Data),
        ["truncate-private"] = world =>
        {
            Assert.True(world.Pte(0, 0).IsNone);
            Assert.False(world.Effective[^1]);
        },
        ["punch-private"] = world => Assert.Equal(First, world.Folio(0, 0).Data),
        ["swapoff"] = world =>
        {
            Assert.Equal(First, world.Folio(0, 0).Data);
            Assert.False(world.Swap.Live);
        },
        ["split-thp"] = world =>
        {
            Assert.All([0, 1], page => Assert.False(world.Folio(0, page).IsLarge));
            Assert.Equal(First, world.Folio(0, 0).Data);
            Assert.Equal(PteKind.Zero, world.Pte(0, 2).Kind);
        },
        ["split-pte-mapped-thp"] = world =>
        {
            Assert.False(world.Folio(0, 0).IsLarge);
            Assert.Equal(First, world.Folio(0, 0).Data);
            Assert.NotEqual(0, world.Folio(0, 3).Data);
        },
    };

    /// <summary>What each expects, in the words of its file.</summary>
    private static Dictionary<string, Action<World>> Expected => new(copies.Concat(merges).Concat(losses));

    public static TheoryData<string> Names =>
        [.. Directory.GetFiles(folder, "*.program").Select(file => Path.GetFileNameWithoutExtension(file))
            .Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_engine_does_what_the_selftest_expects(string name)
    {
        string text = File.ReadAllText(Path.Combine(folder, $"{name}.program"));
        Assert.True(Expected.TryGetValue(name, out Action<World>? expect), $"nothing is expected of {name}");
        expect(World.After(text));
        Assert.Contains("# Expected: ", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_expectation_has_a_program() =>
        Assert.All(Expected.Keys, name => Assert.True(File.Exists(Path.Combine(folder, $"{name}.program")), name));

    private static void ChildKeepsFirst(World world)
    {
        Assert.Equal(First, world.Kernel.PageOf(world.Pte(1, 0)).Data);
        Assert.NotEqual(First, world.Kernel.PageOf(world.Pte(0, 0)).Data);
    }

    /// <summary>A page that is mapped by nobody but in a pipe, and the one that was stored to.</summary>
    private static void PipeKeepsFirst(World world, int writer)
    {
        Assert.NotEqual(First, world.Folio(writer, 0).Data);
        Folio piped = Assert.Single(world.Kernel.Folios, folio => !folio.Free && folio != world.Folio(writer, 0));
        Assert.Equal(First, piped.Data);
    }

    private static void OneMapping(World world) => Assert.Single(world.Mm(0).Vmas);
}
