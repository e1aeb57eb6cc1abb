using System.Text.RegularExpressions;
using System.Xml.Linq;
using Tests.Defects;
using Xunit;

namespace Tests.Tidy;

public class StructureTests
{
    private const RegexOptions Quick = RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture;

    private static readonly string[] Folders = ["src", "generators", "corpus", "tests"];

    /// <summary>What DESIGN calls the pipeline: each project, and the one that it may see.</summary>
    [Theory]
    [InlineData("src/Interleave/Interleave.csproj")]
    [InlineData("src/Mm/Mm.csproj", "Interleave")]
    [InlineData("src/Fuzz/Fuzz.csproj", "Mm", "SharpFuzz.Common")]
    [InlineData("generators/Generators.csproj", "Fuzz")]
    [InlineData("src/Fuzz.Report/Fuzz.Report.csproj", "Fuzz")]
    [InlineData("src/Conformance/Conformance.csproj", "Fuzz")]
    [InlineData("src/Fuzz.Cli/Fuzz.Cli.csproj", "Generators", "Fuzz.Report", "Conformance")]
    [InlineData("src/Fuzz.Target/Fuzz.Target.csproj", "Fuzz.Cli", "SharpFuzz")]
    [InlineData("src/SharpFuzz.Common/SharpFuzz.Common.csproj")]
    [InlineData("src/SharpFuzz/SharpFuzz.csproj", "SharpFuzz.Common")]
    [InlineData("src/SharpFuzz.CommandLine/SharpFuzz.CommandLine.csproj", "SharpFuzz")]
    public void A_project_sees_those_before_it_only(string project, params string[] seen) =>
        Assert.Equal(seen, Items(project, "ProjectReference").Select(Path.GetFileNameWithoutExtension));

    [Fact]
    public void There_are_no_projects_but_these()
    {
        string[] expected =
        [
            "generators/Generators.csproj", "src/Conformance/Conformance.csproj", "src/Fuzz.Cli/Fuzz.Cli.csproj",
            "src/Fuzz.Report/Fuzz.Report.csproj",
            "src/Fuzz.Target/Fuzz.Target.csproj", "src/Fuzz/Fuzz.csproj", "src/Interleave/Interleave.csproj",
            "src/Mm/Mm.csproj",
            "src/SharpFuzz.CommandLine/SharpFuzz.CommandLine.csproj",
            "src/SharpFuzz.Common/SharpFuzz.Common.csproj", "src/SharpFuzz/SharpFuzz.csproj",
            "tests/Bench/Bench.csproj", "tests/FsCheck.Xunit/FsCheck.Xunit.csproj",
            "tests/Mutation/Mutation.csproj", "tests/Tests.csproj", "tests/Woven/Woven.csproj",
        ];
        Assert.Equal(expected, Projects());
    }

    [Theory]
    [InlineData("src/Interleave/Interleave.csproj")]
    [InlineData("src/Mm/Mm.csproj")]
    [InlineData("src/Fuzz/Fuzz.csproj")]
    public void The_engine_and_the_fuzzer_need_no_package(string project) => Assert.Empty(
        from item in XDocument.Load(Path.Combine(CorpusFolder.Root, project)).Descendants("PackageReference")
        where item.Parent!.Attribute("Condition")?.Value != "'$(UpstreamPackages)' == 'true'"
        select item.Attribute("Include")!.Value);

    [Fact]
    public void The_kernel_knows_no_oracle_and_no_scheduler() => Assert.Empty(
        from file in SourceFile.All
        where file.Name.StartsWith("src/Mm/", StringComparison.Ordinal)
        from line in file.Lines
        where Regex.IsMatch(line, @"\b[A-Z]\w*(Oracle|Oracles|Scheduler|Schedule|Generator)\b", Quick)
        select $"{file.Name}: {line.Trim()}");

    [Fact]
    public void The_routines_of_v6_18_know_no_variant() => Assert.Empty(
        from file in SourceFile.All
        where file.Name.StartsWith("src/Mm/Routines/", StringComparison.Ordinal)
        from line in file.Code
        where Regex.IsMatch(line.Text, @"\b(Mm\.History|VariantCatalog|KernelVersion|[Dd]efect)\b", Quick)
        select $"{file.Name}: {line.Text.Trim()}");

    [Fact]
    public void Every_folder_of_the_house_has_its_page() => Assert.All(
        Directory.GetDirectories(Path.Combine(CorpusFolder.Root, "src"))
            .Concat(Folders.Select(folder => Path.Combine(CorpusFolder.Root, folder))),
        folder => Assert.True(File.Exists(Path.Combine(folder, "README.md")), folder));

    [Fact]
    public void Nothing_else_is_at_the_root()
    {
        string[] house =
        [
            .. Folders, "Fuzz.sln", "README.md", "LICENSE", "Directory.Build.props",
            "Directory.Packages.props", "global.json",
        ];
        Assert.Empty(
            Directory.EnumerateFileSystemEntries(CorpusFolder.Root).Select(entry => Path.GetFileName(entry)!)
                .Where(name => name[0] != '.' && name is not ("bin" or "obj" or "TestResults")).Except(house));
    }

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        string solution = File.ReadAllText(Path.Combine(CorpusFolder.Root, "Fuzz.sln")).Replace('\\', '/');
        Assert.All(Projects(), project => Assert.Contains(project, solution, StringComparison.Ordinal));
    }

    private static IEnumerable<string> Projects() => Folders
        .SelectMany(folder => Directory.EnumerateFiles(
            Path.Combine(CorpusFolder.Root, folder), "*.csproj", SearchOption.AllDirectories))
        .Select(file => Path.GetRelativePath(CorpusFolder.Root, file).Replace('\\', '/'))
        .Order(StringComparer.Ordinal);

    private static IEnumerable<string> Items(string project, string kind) =>
        XDocument.Load(Path.Combine(CorpusFolder.Root, project)).Descendants(kind)
            .Select(item => item.Attribute("Include")!.Value.Replace('\\', '/'));
}
