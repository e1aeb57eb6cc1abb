using System.Text.Json;
using Fuzz.Cli;
using Xunit;

namespace Tests.Cli;

public class AskTests
{
    private const StringComparison Exactly = StringComparison.Ordinal;

    [Fact]
    public void A_question_is_answered_by_a_table_and_what_each_cell_rests_on()
    {
        AppRun run = AppRun.Of("ask", "first-mapper", "--budget", "1000", "--samples", "100");
        Assert.Equal(App.Found, run.ExitCode);
        Assert.Contains(
            "| lock held, test inside      | safe                   | BROKEN           | BROKEN      |",
            run.Output, Exactly);
        Assert.Contains("and 100 executions of random programs", run.Output, Exactly);
        Assert.Contains("safe, as was concluded", run.Output, Exactly);
        Assert.Contains("`fuzz ask first-mapper --budget 1000 --samples 100 --seed 1 --update`", run.Output, Exactly);
    }

    [Fact]
    public void The_same_for_machines_names_the_cells_that_disagree()
    {
        JsonElement json = AppRun.Of("ask", "memcg-lock", "--budget", "2500", "--samples", "0", "--json").Json;
        JsonElement[] cells = [.. json.GetProperty("cells").EnumerateArray()];
        Assert.Equal(16, cells.Length);
        Assert.Equal(
            ["late", "none"],
            cells.Where(cell => cell.GetProperty("agrees").ValueKind == JsonValueKind.False)
                .Select(cell => cell.GetProperty("row").GetString()));
    }

    [Fact]
    public void A_question_that_nobody_asked_is_answered_with_the_nearest_one()
    {
        string error = AppRun.Refused("ask", "memcg-lokc");
        Assert.Contains("memcg-lock", error, Exactly);
    }
}
