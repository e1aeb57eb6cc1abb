using Fuzz.Campaign;
using Generators;
using Xunit;

namespace Tests.Defects;

/// <summary>Goal: a fuzzer that knows nothing of a defect finds it. Method: default generators and schedulers, the same
/// seeds and the same budget for all stories, in executions.</summary>
public abstract class HuntTests
{
    /// <summary>Tried in this order until one finds it.</summary>
    private protected static readonly ulong[] Seeds = [1, 2, 3, 4, 5, 6, 7, 8];

    /// <summary>For each seed: about what the rarest story takes in the median.</summary>
    private const long ExecutionsMax = 400_000;

    /// <summary>Stories that take a million executions and more, which is too long for tests: `fuzz hunt` looks for
    /// these, too, and their reproducers are tested like all others.</summary>
    private static readonly string[] Long =
        ["safe-folio-lost", "neighbour-aba", "unbooked-unmap", "collapse-under-fast-gup"];

    /// <summary>Every n-th story: tests of one class are never run side by side.</summary>
    private protected static TheoryData<string> Every(int n, int first) =>
        [.. Story.All.Select(story => story.Name).Except(Long).Where((_, i) => i % n == first)];

    private protected static void AssertFound(string name)
    {
        Story story = Story.All.First(s => s.Name == name);
        Assert.Contains(Seeds, seed => Hunt(story, seed).Found);
    }

    private protected static HuntResult Hunt(Story story, ulong seed)
    {
        HuntOptions options = new(ExecutionsMax, SecondsMax: double.PositiveInfinity);
        return Hunter.Hunt(story, new ProgramSource(), seed, options, CancellationToken.None);
    }
}

/// <summary>One half of the stories.</summary>
public class HuntEvenTests : HuntTests
{
    public static TheoryData<string> Stories => Every(2, 0);

    [Theory]
    [MemberData(nameof(Stories))]
    public void Each_story_is_found_blind(string name) => AssertFound(name);
}

/// <summary>The other half.</summary>
public class HuntOddTests : HuntTests
{
    public static TheoryData<string> Stories => Every(2, 1);

    [Theory]
    [MemberData(nameof(Stories))]
    public void Each_story_is_found_blind(string name) => AssertFound(name);

    [Fact]
    public void A_hunt_depends_on_its_seed_alone()
    {
        Story story = Story.All.First(s => s.Name == "lost-pg-waiters");
        HuntResult first = Hunt(story, Seeds[0]);
        HuntResult second = Hunt(story, Seeds[0]);
        Assert.Equal(first.Executions, second.Executions);
        Assert.Equal(first.Find, second.Find);
    }
}
