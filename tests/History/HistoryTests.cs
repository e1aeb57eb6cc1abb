using System.Globalization;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;
using Generators;
using Interleave;
using Mm.History;
using Xunit;

namespace Tests.History;

public class HistoryTests
{
    private const int Programs = 2000;
    private static readonly string[] Order = [.. Mainline.Releases.Select(release => release.Name)];

    /// <summary>Every set of variants that some version has in force, or would have; many share theirs.</summary>
    public static TheoryData<string> Builds =>
    [
        .. KernelVersion.All.SelectMany(version => version.Tree.Builds)
            .Select(build => string.Join(' ', build)).Distinct(StringComparer.Ordinal),
    ];

    [Fact]
    public void Commits_stand_in_the_order_of_their_releases_and_dates()
    {
        Assert.All(Mainline.Commits, commit => Assert.Contains(commit.Release, Order));
        Assert.Equal(
            Mainline.Commits
                .OrderBy(commit => Array.IndexOf(Order, commit.Release))
                .ThenBy(commit => commit.Date, StringComparer.Ordinal),
            Mainline.Commits);
        Assert.All(Branch.All, branch => Assert.Equal(
            branch.Commits.OrderBy(commit => commit.Date, StringComparer.Ordinal), branch.Commits));
    }

    [Fact]
    public void Dates_are_dates_and_no_commit_is_younger_than_its_release()
    {
        foreach (string date in Chronicle.All.Select(c => c.Date).Concat(Mainline.Releases.Select(r => r.Date)))
        {
            Assert.True(DateOnly.TryParseExact(date, "yyyy-MM-dd", CultureInfo.InvariantCulture, default, out _), date);
        }

        Assert.Equal(
            Mainline.Releases.OrderBy(release => release.Date, StringComparer.Ordinal), Mainline.Releases);
        Assert.All(Mainline.Commits, commit => Assert.True(
            string.CompareOrdinal(commit.Date, Mainline.Releases[Array.IndexOf(Order, commit.Release)].Date) <= 0,
            commit.ToString()));
    }

    [Fact]
    public void A_commit_has_a_hash_of_twelve_digits_or_says_that_it_has_none() => Assert.All(
        Chronicle.All, commit =>
        {
            Assert.True(commit.Hash == Commit.Unverified || (commit.Hash.Length == 12
                && commit.Hash.All(char.IsAsciiHexDigitLower)), commit.Hash);
            Assert.NotEmpty(commit.Subject);
            Assert.True(commit.Hash != Commit.Unverified || commit.Certainty is not (Certainty.Git or Certainty.List));
        });

    [Fact]
    public void A_branch_names_its_base_and_itself_on_each_commit() => Assert.All(Branch.All, branch =>
    {
        Assert.Contains(branch.Base, Order);
        Assert.All(branch.Commits, commit => Assert.Equal(branch.Name, commit.Release));
    });

    [Fact]
    public void Variants_of_the_history_exist_and_none_ends_before_it_begins()
    {
        Assert.All(
            Chronicle.All.SelectMany(commit => commit.Begins.Concat(commit.Ends)),
            name => Assert.NotNull(VariantCatalog.Find(name)));
        Assert.All(
            Chronicle.All.SelectMany(commit => commit.Begins).Where(name => Chronicle.EndOf(name) is not null),
            name => Assert.True(
                string.CompareOrdinal(Chronicle.BeginOf(name)!.Date, Chronicle.EndOf(name)!.Date) <= 0, name));
    }

    [Fact]
    public void On_one_line_a_variant_begins_and_ends_once_at_most() => Assert.All(
        Branch.All.Select(branch => branch.Commits).Append(Mainline.Commits), line =>
        {
            string[] begins = [.. line.SelectMany(commit => commit.Begins)];
            string[] ends = [.. line.SelectMany(commit => commit.Ends)];
            Assert.Equal(begins.Distinct(StringComparer.Ordinal), begins);
            Assert.Equal(ends.Distinct(StringComparer.Ordinal), ends);
        });

    [Fact]
    public void The_text_is_v6_18_without_any_variant() =>
        Assert.Empty(KernelVersion.Find(KernelVersion.Text)!.Variants);

    [Theory]
    [InlineData("no-swapcache-pin", "v4.15 v6.1 v6.7 rfc-swapin-2024-01", "v3.15 v6.8 v6.18 v7.2")]
    [InlineData("delayed-anon-rmap", "next-20221107", "v6.1 v6.2 v6.18")]
    [InlineData("new-rmap-always-exclusive", "rfc-swapin-2024-01", "v6.7 v6.8 v6.11")]
    [InlineData("mremap-forgets-anon-vma", "v6.16", "v6.14 v6.18 v7.2")]
    [InlineData("non-atomic-swapbacked", "mm-unstable-2024-06-18", "v6.9 v6.10 v6.11")]
    public void A_variant_is_in_force_from_the_commit_that_begins_it_to_the_one_that_ends_it(
        string variant, string with, string without)
    {
        Assert.All(with.Split(' '), name => Assert.Contains(variant, InForce(name)));
        Assert.All(without.Split(' '), name => Assert.DoesNotContain(variant, InForce(name)));
    }

    [Fact]
    public void Of_two_forms_of_one_routine_the_one_of_that_time_is_in_force_and_the_other_can_be_tried()
    {
        Commit first = new("-", "2001-01-01", "a", Certainty.Memory, "one") { Ends = ["no-swapcache-pin"] };
        Commit second = new("-", "2002-01-01", "b", Certainty.Memory, "two") { Ends = ["no-swapcache-recheck"] };
        IReadOnlyList<SourceTree> trees =
            SourceTree.Walk(["delayed-anon-rmap", "no-swapcache-recheck", "no-swapcache-pin"], [first, second]);
        Assert.Equal(["delayed-anon-rmap", "no-swapcache-pin"], trees[0].Variants);
        Assert.Equal(["no-swapcache-recheck"], trees[0].Masked);
        Assert.Equal(
            [["delayed-anon-rmap", "no-swapcache-pin"], ["delayed-anon-rmap", "no-swapcache-recheck"]],
            trees[0].Builds);
        Assert.Equal(["delayed-anon-rmap", "no-swapcache-recheck"], trees[1].Variants);
        Assert.Empty(trees[1].Masked);
        Assert.Equal(["delayed-anon-rmap"], trees[2].Variants);
        Assert.Equal([1, 1, 1], Era.Of(trees).Select(era => era.First == era.Last ? 1 : 2));
    }

    [Fact]
    public void The_form_that_began_last_wins_over_one_that_was_there_from_the_beginning()
    {
        Commit begin = new("-", "2001-01-01", "a", Certainty.Memory, "one") { Begins = ["no-swapcache-recheck"] };
        IReadOnlyList<SourceTree> trees = SourceTree.Walk(["no-swapcache-pin"], [begin]);
        Assert.Equal(["no-swapcache-recheck"], trees[1].Variants);
        Assert.Equal(["no-swapcache-pin"], trees[1].Masked);
    }

    [Fact]
    public void A_variant_that_is_named_takes_the_place_of_the_versions_form_of_that_routine() => Assert.Equal(
        ["delayed-anon-rmap", "no-swapcache-recheck"],
        VariantCatalog.Replace(["no-swapcache-pin", "delayed-anon-rmap"], ["no-swapcache-recheck"]));

    [Theory]
    [MemberData(nameof(Builds))]
    public void Every_version_builds_and_runs_random_programs_without_a_fault_of_our_own(string build)
    {
        Executor executor = new(new MmEngine(build.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        Rng rng = new(1);
        Portfolio portfolio = new(rng);
        ProgramSource source = new();
        for (int i = 0; i < Programs; i++)
        {
            Program program = source.Fresh(rng);
            portfolio.NewProgram();
            executor.Run(program, portfolio.For(i));
            Assert.DoesNotContain(
                executor.Engine.Verdict.Violations, violation => violation.Signature.Oracle == "engine");
        }
    }

    [Fact]
    public void A_place_is_a_version_or_seven_digits_of_a_commit()
    {
        Assert.Equal(Place.Find("13ddaf26be324"), Place.Find("13ddaf2"));
        Assert.Equal("13ddaf26be32", SourceTree.Line()[Place.Find("13ddaf2")!.Index].Last!.Hash);
        Assert.Equal("next-20221107", Place.Find("db12063aab49")!.Branch!.Name);
        Assert.Null(Place.Find("13ddaf"));
        Assert.Null(Place.Find("v6.77"));
    }

    [Fact]
    public void The_way_between_two_places_exists_when_one_is_below_the_other()
    {
        Place next = Place.Find("next-20221107")!;
        IReadOnlyList<SourceTree> way = Place.Find("v6.1")!.To(next)!;
        Assert.Equal(Branch.Find("next-20221107")!.Commits.Count + 1, way.Count);
        Assert.Equal(
            way.Reverse().Select(tree => tree.Last), next.To(Place.Find("v6.1")!)!.Select(tree => tree.Last));
        Assert.Null(next.To(Place.Find("v6.2")!));
        Assert.Null(next.To(Place.Find("rfc-swapin-2024-01")!));
    }

    private static IReadOnlyList<string> InForce(string version)
    {
        SourceTree tree = KernelVersion.Find(version)!.Tree;
        return [.. tree.Variants, .. tree.Masked];
    }
}
