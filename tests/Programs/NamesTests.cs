using FsCheck.Xunit;
using Fuzz.Programs;
using Xunit;

namespace Tests.Programs;

public class NamesTests
{
    [Theory]
    [InlineData("", "", 0)]
    [InlineData("", "abc", 3)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("flaw", "lawn", 2)]
    [InlineData("wirte", "write", 2)]
    public void The_distance_counts_single_letter_edits(string from, string to, int expected)
    {
        Assert.Equal(expected, Names.Distance(from, to));
        Assert.Equal(expected, Names.Distance(to, from));
    }

    [Property]
    public bool The_distance_obeys_the_triangle_inequality(int a, int b, int c)
    {
        (string x, string y, string z) = (Binary(a), Binary(b), Binary(c));
        return Names.Distance(x, z) <= Names.Distance(x, y) + Names.Distance(y, z)
            && Names.Distance(x, y) == 0 == (x == y);
    }

    [Fact]
    public void The_nearest_name_ignores_case_and_the_earliest_of_equals_wins()
    {
        Assert.Equal("ZapClearPte", Names.Nearest("zapclearpte", ["ZapReadPte", "ZapClearPte"]));
        Assert.Equal("aa", Names.Nearest("ac", ["aa", "ab"]));
        Assert.Null(Names.Nearest("anything", []));
    }

    [Fact]
    public void A_very_long_word_is_compared_in_reasonable_time() =>
        Assert.Equal("write", Names.Nearest(new string('w', 10_000_000), ["write", "read"]));

    private static string Binary(int number) => Convert.ToString(number % 512, 2);
}
