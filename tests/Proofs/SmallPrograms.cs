using Fuzz.Programs;

namespace Tests.Proofs;

/// <summary>Programs whose interleavings can be explored in a moment: two lanes, one call each, from all
/// families.</summary>
internal static class SmallPrograms
{
    private const string Shape = "shape  mms 2  pages 2  slots 2  device sync\n";

    private static readonly string[] Setups =
    [
        "setup  write mm0 p0\n       fork mm0 mm1\n",
        "setup  write mm0 p0\n       pageout mm0 p0\n       fork mm0 mm1\n",
    ];

    private static readonly (string One, string Other)[] Pairs =
    [
        ("write mm0 p0", "dontneed mm1 p0 1"),
        ("read mm0 p0", "munmap mm0 p0 1"),
        ("pageout mm0 p0", "write mm1 p0"),
        ("migrate mm0 p0", "dontneed mm0 p0 1"),
        ("migrate mm0 p0", "pageout mm1 p0"),
        ("fork mm0 mm1", "write mm0 p0"),
        ("reclaim 2", "read mm0 p0"),
        ("exit mm1", "pageout mm0 p0"),
    ];

    private static readonly (string One, string Other)[] Swapins =
    [
        ("read mm0 p0", "read mm1 p0"),
        ("write mm0 p0", "write mm1 p0"),
    ];

    /// <summary>One row for each program.</summary>
    public static IEnumerable<object[]> Rows => Setups.SelectMany(setup => Of(setup, [.. Pairs, .. Swapins]));

    /// <summary>Those that have few schedules, up to equivalence.</summary>
    public static IEnumerable<object[]> Small => Setups.SelectMany(setup => Of(setup, Pairs));

    public static Program Parse(string text) => ProgramText.Parse(MmLanguage.Instance, Shape + text);

    private static IEnumerable<object[]> Of(string setup, IEnumerable<(string One, string Other)> pairs) =>
        pairs.Select(pair => new object[] { setup, pair.One, pair.Other });

    public static Program Make(string setup, string one, string other) =>
        Parse($"{setup}cpu0   {one}\ncpu1   {other}\n");
}
