using Fuzz.Campaign;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;
using Fuzz.Shrinking;
using Tests.Toys;
using Xunit;

namespace Tests.Proofs;

public class ProverTests
{
    private const long Budget = 100_000;
    private static readonly Program TwoFaults = Parse("cpu0   fault p0\ncpu1   fault p0\n");

    [Theory]
    [InlineData("pageout mm0 p0", "write mm1 p0")]
    [InlineData("migrate mm0 p0", "dontneed mm0 p0 1")]
    public void Several_engines_find_the_states_that_one_finds_and_need_as_many_executions(string one, string other)
    {
        Program program = SmallPrograms.Make("setup  write mm0 p0\n       fork mm0 mm1\n", one, other);
        Complete alone = Assert.IsType<Complete>(Search(1));
        Assert.Equal(alone, Search(3));
        Assert.True(alone.States > 100, alone.ToString());

        SearchResult Search(int engines)
        {
            Executor[] executors = [.. Enumerable.Range(0, engines).Select(_ => new Executor(new MmEngine()))];
            return new Prover(Budget, StateMemory.BytesDefault, executors).Search(program).Result;
        }
    }

    [Fact]
    public void What_fails_is_found_with_the_fewest_preemptions_and_the_engine_remembers_it()
    {
        MapcountEngine engine = new(defect: true);
        ProofSearch search = new Prover(new Executor(engine), Budget).Search(TwoFaults);
        Found found = Assert.IsType<Found>(search.Result);
        Assert.Equal(1, found.Preemptions);
        Assert.Equal(0, found.Below!.Preemptions);
        Assert.Equal(1, engine.Machine.Preemptions);
        Assert.NotNull(engine.Verdict.Find(MapcountEngine.MapcountWrong));
    }

    [Fact]
    public void A_budget_or_a_memory_that_ends_leaves_what_is_proven_of_few_preemptions()
    {
        Program program = SmallPrograms.Make("setup  write mm0 p0\n", "pageout mm0 p0", "write mm0 p0");
        Executor executor = new(new MmEngine());
        Assert.IsType<Bounded>(new Prover(executor, 60).Search(program).Result);
        Assert.IsType<Bounded>(new Prover(600, 1, executor).Search(program).Result);
        Assert.IsType<Complete>(new Prover(executor, Budget).Search(program).Result);
    }

    [Fact]
    public void A_failure_that_is_not_asked_for_does_not_end_the_search()
    {
        Prover prover = new(new Executor(new MapcountEngine(defect: true)), Budget);
        Assert.IsType<Complete>(
            prover.Search(TwoFaults, verdict => verdict.Find(MapcountEngine.Oops) is not null).Result);
    }

    [Fact]
    public void A_program_is_minimal_when_none_of_fewer_of_its_calls_fails()
    {
        FewestCalls proven = Fewest(TwoFaults);
        Assert.True(proven.IsProven);
        Assert.Equal("proven: none of the 2 programs of fewer of its calls fails", proven.ToString());

        FewestCalls larger = Fewest(Parse("cpu0   fault p0\n       zap p0\ncpu1   fault p0\n"));
        Assert.False(larger.IsProven);
        Assert.Equal(TwoFaults, larger.Failing);
    }

    private static FewestCalls Fewest(Program program)
    {
        Prover prover = new(new Executor(new MapcountEngine(defect: true)), Budget);
        return FewestCalls.Find(program, part => prover.Search(part).Result)!;
    }

    private static Program Parse(string lanes) =>
        ProgramText.Parse(MapcountEngine.Mapcounts, "shape  pages 1\n" + lanes);
}
