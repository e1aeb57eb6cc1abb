using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Xunit;

namespace Tests.StandIns;

// Internal, so that xunit does not find them: most fail on purpose, and PropertyProbe runs them one by one.
#pragma warning disable xUnit1000

/// <summary>Gives 7 for every int.</summary>
internal static class Sevens
{
    public static Arbitrary<int> Int() => Gen.Constant(7).ToArbitrary();
}

/// <summary>Gives 8 for every int.</summary>
internal static class Eights
{
    public static Arbitrary<int> Int() => Gen.Constant(8).ToArbitrary();
}

/// <summary>A property whose replay string the test chooses while it runs.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class ReplayedPropertyAttribute : PropertyAttribute
{
    public ReplayedPropertyAttribute() => Replay = Chosen;

    /// <summary>The string for the attributes made next; the tests of one collection run in turn.</summary>
    public static string Chosen { get; set; } = "";
}

/// <summary>Properties of all shapes and outcomes.</summary>
internal sealed class PropertySamples : IDisposable
{
    /// <summary>What the properties below were called with, or did: one collection of tests may look.</summary>
    public static List<string> Calls { get; } = [];

    public PropertySamples() => Calls.Add("made");

    public void Dispose() => Calls.Add("disposed");

    [Property]
    public bool True(int number) => number == number + 0;

    [Property(QuietOnSuccess = true)]
    public bool Quiet(int number) => number == number + 0;

    [Property(MaxTest = 3, Verbose = true)]
    public void Verbose(bool flag) => Calls.Add(flag.ToString());

    // A run whose first failure is not yet the smallest.
    [Property(Replay = "17234047130667642678,3215559178322092721")]
    public bool Below80(int number) => number < 80;

    [ReplayedProperty]
    public bool Replayed(int number)
    {
        Calls.Add(number.ToString());
        return number < 80;
    }

    [Property(Replay = "nonsense")]
    public bool Misspelled(int number) => number == number + 0;

    [Property]
    public void Throwing(int[] numbers) => Assert.True(numbers.Length < 3, "too long");

    [Property]
    public async Task Later(int number)
    {
        await Task.Yield();
        Assert.True(number < 5, "too large");
    }

    [Property]
    public async Task<bool> LaterTrue(int number)
    {
        await Task.Yield();
        return number == number + 0;
    }

    [Property]
    public Property Labelled(int number) => (number < 5).Label("below five");

    [Property]
    public Property Classified(PositiveInt number) => true.Classify(number.Get > 0, "positive");

    [Property(MaxRejected = 10)]
    public Property Impossible(int number) => (number == number + 0).When(number != number + 0);

    [Property(Arbitrary = [typeof(Sevens)])]
    public bool Seven(int number) => number == 7;

    [Property(Arbitrary = [typeof(Eights), typeof(Sevens)])]
    public bool FirstOfTwo(int number) => number == 8;

    [Property(StartSize = 0, EndSize = 0)]
    public bool Empty(int[] numbers) => numbers.Length == 0;

    [Property(Skip = "not today", DisplayName = "a name of its own")]
    public bool Skipped(int number) => number == number + 0;

    [Property(Timeout = 50)]
    public void Endless() => Thread.Sleep(Timeout.Infinite);
}

/// <summary>Properties of a class with defaults.</summary>
[Properties(Arbitrary = [typeof(Sevens)], MaxTest = 20)]
internal sealed class SamplesWithDefaults
{
    [Property]
    public bool TakesTheClass(int number) => number == 7;

    [Property(Arbitrary = [typeof(Eights)], MaxTest = 30)]
    public bool TakesTheMethod(int number) => number == 8;

    /// <summary>Defaults inside defaults.</summary>
    [Properties(MaxTest = 10)]
    internal sealed class Nested
    {
        [Property]
        public bool TakesTheNearest(int number) => number >= int.MinValue;
    }
}
