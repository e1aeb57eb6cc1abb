using Fuzz.Campaign;
using Xunit;

namespace Tests.Campaign;

public class MutantShareTests
{
    [Fact]
    public void Half_are_mutants_until_something_is_known() => Assert.Equal(50, new MutantShare().Percent);

    [Fact]
    public void Mutants_are_few_while_fresh_programs_show_more() => Assert.Equal(10, After(fresh: 30, mutants: 5));

    [Fact]
    public void Mutants_never_get_more_than_half() => Assert.Equal(50, After(fresh: 1, mutants: 9));

    [Fact]
    public void Nothing_new_at_all_leaves_the_halves() => Assert.Equal(50, After(fresh: 0, mutants: 0));

    [Fact]
    public void What_was_long_ago_no_longer_counts()
    {
        MutantShare share = new();
        Add(share, 30, 5);
        int early = share.Percent;
        for (int i = 0; i < 40; i++)
        {
            Add(share, 1, 2);
        }

        Assert.True(share.Percent > early);
    }

    private static int After(int fresh, int mutants)
    {
        MutantShare share = new();
        Add(share, fresh, mutants);
        return share.Percent;
    }

    private static void Add(MutantShare share, int fresh, int mutants)
    {
        for (int i = 0; i < 100; i++)
        {
            share.Add(ofMutant: false, fresh, executions: 10);
            share.Add(ofMutant: true, mutants, executions: 10);
        }
    }
}
