using Fuzz.Campaign;
using Fuzz.Programs;
using Fuzz.Questions;
using Fuzz.Reporting;
using Mm.History;
using Tests.Campaign;
using Tests.Defects;
using Xunit;

namespace Tests.Questions;

/// <summary>Method: small budgets, on reproducers whose failures random executions meet often.</summary>
public class BlamerTests
{
    private static readonly TrialBudget Small = new(2000, 400);

    [Theory]
    [InlineData("slot-aba", "0bcac06f27d7", "13ddaf26be32")]
    [InlineData("migrate-bug", "db12063aab49", "5df397dec7c4")]
    [InlineData("lost-pg-waiters", "-", "9ae2feacedde")]
    [InlineData("always-exclusive", "-", "15bde4abab73")]
    public void A_failure_of_the_history_is_blamed_on_the_commit_it_came_with(string story, string first, string fix)
    {
        Blame blame = Blamer(story).Everywhere();
        Assert.Equal(first, blame.FirstBad!.Commit.Hash);
        Assert.Equal(fix, blame.Fix!.Commit.Hash);
        Assert.True(blame.Own!.Bad);
        Assert.Empty(blame.Hypothetical);
    }

    [Theory]
    [InlineData("double-first-map", "swapin-without-folio-lock")]
    [InlineData("stale-anon-test", "anon-test-before-lock")]
    public void A_hypothetical_variant_has_no_commit(string story, string variant)
    {
        Blame blame = Blamer(story).Everywhere();
        Assert.Equal($"no commit: variant {variant}", blame.ToString());
        Assert.Empty(blame.Changes);
        Assert.DoesNotContain(blame.Eras, era => era.Bad);
        Assert.True(blame.Own!.Bad);
    }

    [Fact]
    public void A_range_whose_ends_differ_is_bisected()
    {
        Blame blame = Blamer("slot-aba").Between(null, Place.Find("v5.17")!.To(Place.Find("v6.12")!)!);
        Change change = Assert.Single(blame.Changes);
        Assert.Equal("13ddaf26be32", change.Commit.Hash);
        Assert.False(change.ToBad);
        Assert.Equal("bad from 3506659e18a6 (v5.17), fixed by 13ddaf26be32 (v6.8)", blame.ToString());
    }

    [Fact]
    public void A_range_whose_ends_both_pass_still_shows_what_lies_between()
    {
        Blame blame = Blamer("slot-aba").Between(null, Place.Find("v3.15")!.To(Place.Find("v6.18")!)!);
        Assert.Equal([true, false], blame.Changes.Select(change => change.ToBad));
        Assert.Equal("first bad 0bcac06f27d7 (v4.15), fixed by 13ddaf26be32 (v6.8)", blame.ToString());
    }

    [Fact]
    public void A_branch_is_compared_with_its_base()
    {
        Blame blame = Blamer("migrate-bug").Between(
            Branch.Find("next-20221107"), Place.Find("v6.1")!.To(Place.Find("next-20221107")!)!);
        Assert.Equal(
            "first bad db12063aab49 (next-20221107), not fixed where it was tried", blame.ToString());
    }

    [Fact]
    public void A_form_that_stands_back_for_another_is_tried_in_its_place()
    {
        Commit first = new("-", "2001-01-01", "a", Certainty.Memory, "one") { Ends = ["no-swapcache-recheck"] };
        Commit second = new("-", "2002-01-01", "b", Certainty.Memory, "two") { Ends = ["no-swapcache-pin"] };
        IReadOnlyList<SourceTree> trees =
            SourceTree.Walk(["no-swapcache-pin", "no-swapcache-recheck"], [first, second]);
        Assert.Equal(["no-swapcache-recheck"], trees[0].Variants);
        Blame blame = Blamer("slot-aba").Between(null, trees);
        Assert.Equal("patch of 2002-01-01", Assert.Single(blame.Changes).Commit.Name);
        Assert.Equal("bad from the beginning, fixed by patch of 2002-01-01 (b)", blame.ToString());
        Assert.Equal(2, blame.Eras[0].Trials.Count);
    }

    [Fact]
    public void Where_the_text_itself_is_wrong_the_fixes_of_the_catalog_are_tried()
    {
        Reproducer reproducer = Reproducer.Parse(
            MmLanguage.Instance, File.ReadAllText(Path.Combine(
                CorpusFolder.Root, "corpus", "regressions", "swapin-locks-a-reused-frame.reproducer")), "x");
        Blame blame = new Blamer(
            reproducer.Program, reproducer.Violates.Oracle, reproducer.Variants, new TrialBudget(20_000, 0))
            .Between(null, Place.Find("v6.12")!.To(Place.Find("v6.18")!)!);
        Assert.Equal(
            "bad at every point that was tried; passes with variant swap-cache-lookup-recheck", blame.ToString());
    }

    [Fact]
    public void Only_the_oracle_that_was_asked_for_counts_and_the_rest_is_counted_apart()
    {
        Reproducer lost = Failures.Parse();
        Trial content = new Examiner(lost.Program, "content", Small).Examine(lost.Variants);
        Assert.False(content.Bad);
        Assert.True(content.Otherwise > 0);
        Trial any = new Examiner(lost.Program, null, Small).Examine(lost.Variants);
        Assert.True(any.Bad);
        Assert.InRange(any.Hits, 1, Small.Sampled);
        Assert.Equal(0, any.Otherwise);
    }

    [Fact]
    public void A_program_of_one_lane_leaves_nothing_open()
    {
        Reproducer one = CorpusFolder.Read(Story.All.First(story => story.Name == "always-exclusive"));
        Trial trial = new Examiner(one.Program, null, Small).Examine([]);
        Assert.True(trial.Certain);
        Assert.Equal(0, trial.Sampled);
    }

    private static Blamer Blamer(string story)
    {
        Reproducer reproducer = CorpusFolder.Read(Story.All.First(s => s.Name == story));
        return new Blamer(reproducer.Program, reproducer.Violates.Oracle, reproducer.Variants, Small);
    }
}
