using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;
using Interleave;
using Tests.Toys;
using Xunit;

namespace Tests.Proofs;

/// <summary>What is left out by a search is known from what is executed: it comes to the same ends.</summary>
public class EqualityTests
{
    private const int Budget = 200_000;

    public static IEnumerable<object[]> Programs => SmallPrograms.Rows;

    public static IEnumerable<object[]> Small => SmallPrograms.Small;

    [Theory]
    [MemberData(nameof(Programs))]
    public void A_search_by_states_comes_to_the_ends_of_all_schedules_within_a_bound(
        string setup, string one, string other)
    {
        Ends all = new(setup, one, other);
        Ends states = new(setup, one, other);
        SearchResult plain = ExhaustiveSearch.Within(all.Execute, 1, Budget);
        SearchResult stateful = ExhaustiveSearch.Within(states.Execute, 1, Budget, states.Hasher);
        Assert.True(plain is Bounded { Preemptions: 1 } or Complete, plain.ToString());
        Assert.True(stateful is Bounded { Preemptions: 1 } or Complete, stateful.ToString());
        Assert.Equal(all.Met, states.Met);
        Assert.True(states.Executions <= all.Executions);
    }

    [Theory]
    [MemberData(nameof(Small))]
    public void A_search_without_equivalent_schedules_comes_to_the_ends_of_a_search_by_states(
        string setup, string one, string other)
    {
        Ends states = new(setup, one, other);
        Ends reduced = new(setup, one, other);
        Assert.IsType<Complete>(ExhaustiveSearch.Within(
            states.Execute, ExhaustiveSearch.Unbounded, Budget, states.Hasher));
        Assert.IsType<Complete>(ReducedSearch.Run(reduced.Execute, reduced.Engine.Machine, Budget));
        Assert.Equal(states.Met, reduced.Met);
    }

    [Theory]
    [InlineData(false, "fault p0", "zap p0")]
    [InlineData(true, "fault p0", "zap p0")]
    [InlineData(true, "fault p0", "fault p0")]
    [InlineData(true, "fault p0", "oops p0", "zap p0")]
    public void All_schedules_all_states_and_all_that_are_not_equivalent_come_to_the_same_ends(
        bool defect, params string[] lanes)
    {
        string text = "shape  pages 1\nsetup  fault p0\n"
            + string.Concat(lanes.Select((lane, i) => $"cpu{i}   {lane}\n"));
        Program program = ProgramText.Parse(MapcountEngine.Mapcounts, text);
        Ends all = new(program, new MapcountEngine(defect));
        Ends states = new(program, new MapcountEngine(defect));
        Ends reduced = new(program, new MapcountEngine(defect));
        SearchResult plain = ExhaustiveSearch.Within(all.Execute, ExhaustiveSearch.Unbounded, Budget);
        Assert.IsType<Complete>(plain);
        Assert.IsType<Complete>(ExhaustiveSearch.Within(
            states.Execute, ExhaustiveSearch.Unbounded, Budget, states.Hasher));
        Assert.IsType<Complete>(ReducedSearch.Run(reduced.Execute, reduced.Engine.Machine, Budget));
        Assert.Equal(all.Met, states.Met);
        Assert.Equal(all.Met, reduced.Met);
        Assert.True(states.Executions < all.Executions);
        Assert.True(reduced.Executions < all.Executions);
    }

    /// <summary>Executes one program, and collects the states at rest and the broken laws.</summary>
    private sealed class Ends
    {
        private readonly Executor executor;
        private readonly Program program;

        public Ends(string setup, string one, string other)
            : this(SmallPrograms.Make(setup, one, other), new MmEngine("no-swapcache-pin"))
        {
        }

        public Ends(Program program, IEngine engine)
        {
            this.program = program;
            Engine = engine;
            executor = new Executor(new RestRecorder(Engine, AtRest)) { ComparesStates = true };
        }

        public IEngine Engine { get; }

        public SortedSet<string> Met { get; } = new(StringComparer.Ordinal);

        public StateHasher Hasher => executor.States;

        public int Executions { get; private set; }

        private void AtRest() => Met.Add(executor.States.Hash().ToString());

        public bool Execute(IScheduler search)
        {
            Executions++;
            if (!executor.Run(program, search))
            {
                Met.UnionWith(Engine.Verdict.Violations.Select(violation => violation.Signature.ToString()));
            }

            return true;
        }
    }
}
