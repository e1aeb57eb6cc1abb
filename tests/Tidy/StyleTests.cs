using System.Text.RegularExpressions;
using Xunit;

namespace Tests.Tidy;

public class StyleTests
{
    private const int FileLinesMax = 400;
    private const int MethodLinesMax = 60;
    private const int LineLengthMax = 120;

    /// <summary>Samples for the stand-in's own tests; nobody runs them but those.</summary>
    private const string Samples = "tests/StandIns/PropertySamples.cs";

    /// <summary>One switch in one loop on purpose: the limit that readable engines are measured against.</summary>
    private const string FlatLoop = "tests/Bench/MapcountReset/FlatModel.cs";

    /// <summary>In two parts, so that this file does not find itself.</summary>
    private static readonly string[] Unfinished =
        ["TO" + "DO", "FIX" + "ME", "HA" + "CK", "NotImplemented" + "Exception", "Skip" + " ="];

    private static readonly string[] Undetermined =
        ["DateTime", "Random.Shared", "Guid.NewGuid", "Environment.TickCount", "Stopwatch"];

    [Fact]
    public void No_file_is_longer_than_400_lines() => AssertNone(
        SourceFile.All.Where(file =>
            file.Lines.Length > FileLinesMax).Select(file => $"{file.Name}: {file.Lines.Length}"));

    [Fact]
    public void No_method_is_longer_than_60_lines() => AssertNone(
        from file in SourceFile.All
        where file.Name != FlatLoop
        from method in file.Methods()
        let length = method.Last - method.First + 1
        where length > MethodLinesMax
        select $"{file.Name}:{method.First + 1}: {length}");

    [Fact]
    public void The_methods_of_a_file_are_seen()
    {
        // A gate that sees nothing passes for ever.
        SourceFile fault = SourceFile.All.First(file => file.Name == "src/Mm/Routines/Fault.cs");
        Assert.Contains(fault.Methods(), method => fault.Lines[method.First..method.Last]
            .Any(line => line.Contains("Flow<FaultResult> Anonymous(", StringComparison.Ordinal))
            && method.Last - method.First > 30);
        Assert.DoesNotContain(fault.Methods(), method => method.Last - method.First > 100);
    }

    [Fact]
    public void No_line_is_longer_than_120_characters() => AssertNone(
        from file in SourceFile.All
        from line in file.Lines.Select((text, i) => (Text: text, Number: i + 1))
        where line.Text.Length > LineLengthMax
        select $"{file.Name}:{line.Number}: {line.Text.Length}");

    [Fact]
    public void A_namespace_is_the_path_of_its_folder() => AssertNone(
        SourceFile.All.Where(file => file.Namespace is { } name && name != Expected(file))
            .Select(file => $"{file.Name}: {file.Namespace} instead of {Expected(file)}"));

    [Fact]
    public void Every_file_but_a_programs_entry_has_a_namespace() => AssertNone(
        SourceFile.All.Where(file =>
            file.Namespace is null && !file.Lines.Any(IsAssemblyWide)).Select(file => file.Name));

    [Fact]
    public void Nothing_is_left_unfinished_or_skipped() => AssertNone(
        from file in SourceFile.All
        where file.Name != Samples
        from line in file.Code
        from word in Unfinished
        where line.Text.Contains(word, StringComparison.Ordinal)
        select $"{file.Name}:{line.Number}: {word}");

    [Fact]
    public void Time_and_chance_come_from_outside_but_for_campaigns_commands_and_real_kernels() => AssertNone(
        from file in SourceFile.All
        where file.Folders[0] != "tests" && !file.Name.StartsWith("src/Fuzz/Campaign/", StringComparison.Ordinal)
            && !file.Name.StartsWith("src/Fuzz.Cli/", StringComparison.Ordinal)
            && !file.Name.StartsWith("src/Conformance/Enact/", StringComparison.Ordinal)
        from line in file.Code
        from word in Undetermined
        where line.Text.Contains(word, StringComparison.Ordinal)
        select $"{file.Name}:{line.Number}: {word}");

    [Fact]
    public void Every_public_type_says_what_it_is() => AssertNone(
        from file in SourceFile.All
        where file.Folders[0] != "tests"
        from type in file.PublicTypes()
        group type by $"{file.Namespace}.{type.Name}" into parts
        let summary = parts.SelectMany(part => part.Above)
            .FirstOrDefault(line => line.Contains("/// <summary>", StringComparison.Ordinal))
        where summary is null || summary.Contains("Initializes", StringComparison.Ordinal)
        select parts.Key);

    [Fact]
    public void The_public_types_of_a_file_are_seen()
    {
        SourceFile pte = SourceFile.All.First(file => file.Name == "src/Mm/State/Pte.cs");
        Assert.Equal(["PteKind", "PteFlag", "Pte"], pte.PublicTypes().Select(type => type.Name));
    }

    [Fact]
    public void Tests_are_sentences() => AssertNone(
        from type in typeof(StyleTests).Assembly.GetTypes()
        from method in type.GetMethods()
        where method.IsDefined(typeof(FactAttribute), inherit: true) && !type.Namespace!.StartsWith(
            "Tests.StandIns", StringComparison.Ordinal)
        where !Regex.IsMatch(
            method.Name, "^[A-Z][A-Za-z0-9]*(_[A-Za-z0-9]+)+$",
            RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)
        select $"{type.Name}.{method.Name}");

    private static bool IsAssemblyWide(string line) =>
        line.StartsWith("[assembly:", StringComparison.Ordinal) || line.StartsWith("return ", StringComparison.Ordinal);

    private static string Expected(SourceFile file)
    {
        string[] folders = file.Folders;
        return folders[0] switch
        {
            "src" => string.Join('.', folders[1..]),
            "generators" => string.Join('.', (string[])["Generators", .. folders[1..]]),
            _ when folders is [_, "FsCheck.Xunit", ..] => string.Join('.', folders[1..]),
            _ => string.Join('.', (string[])["Tests", .. folders[1..]]),
        };
    }

    private static void AssertNone(IEnumerable<string> offenders)
    {
        string[] all = [.. offenders];
        Assert.True(all.Length == 0, string.Join('\n', all));
    }
}
