using Fuzz.Campaign;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;
using Interleave;
using Tests.Interleaving;
using Xunit;

namespace Tests.Proofs;

/// <summary>The folio engine's states, hashed.</summary>
public class StateTests
{
    [Fact]
    public void Two_states_have_one_hash_exactly_when_they_are_the_same_field_by_field()
    {
        MmEngine engine = new();
        Executor executor = new(engine) { ComparesStates = true };
        Dictionary<StateHash, string> dumps = [];
        Dictionary<string, StateHash> hashes = [];
        int met = 0;
        Listener listener = new(new StateHasher(engine), engine, (hash, dump) =>
        {
            met++;
            Assert.Equal(dump, dumps.GetValueOrDefault(hash, dump));
            Assert.Equal(hash, hashes.GetValueOrDefault(dump, hash));
            dumps[hash] = dump;
            hashes[dump] = hash;
        });
        Program program = SmallPrograms.Parse(
            """
            setup  write mm0 p0
                   pageout mm0 p0
            cpu0   read mm0 p0
            cpu1   dontneed mm0 p0 1
            """);
        for (int i = 0; i < 2; i++)
        {
            listener.Inner = new RandomScheduler(new Rng((ulong)i));
            executor.Run(program, listener);
        }

        Assert.InRange(dumps.Count, met / 2, met - 1);
    }

    [Fact]
    public void A_program_whose_states_are_compared_begins_in_the_same_state_whatever_its_schedules_left()
    {
        MmEngine engine = new();
        Executor executor = new(engine) { ComparesStates = true };
        Program program = SmallPrograms.Parse(
            """
            setup  write mm0 p0
                   fork mm0 mm1
            cpu0   read mm0 p0
            cpu1   pageout mm1 p0
            """);
        Rng rng = new(1);
        string first = Begin();
        for (int i = 0; i < 10; i++)
        {
            executor.Run(program, new RandomScheduler(rng));
            Assert.Equal(first, Begin());
        }

        string Begin()
        {
            string dump = "";
            Listener listener = new(executor.States, engine, (_, text) => dump = text)
            {
                Inner = new Stopped(),
            };
            executor.Run(program, listener);
            return dump;
        }
    }

    private sealed class Stopped : IScheduler
    {
        public bool SeesForcedSteps => true;

        public void Begin(int cpus)
        {
        }

        public int Next(in Choice choice) => -1;
    }

    private sealed class Listener(StateHasher hasher, MmEngine engine, Action<StateHash, string> met) : IScheduler
    {
        public IScheduler Inner { get; set; } = null!;

        public bool SeesForcedSteps => true;

        public bool ParksLanes => true;

        public void Begin(int cpus) => Inner.Begin(cpus);

        public int Next(in Choice choice)
        {
            met(hasher.Hash(), StateDump.Of(engine));
            return Inner.Next(choice);
        }
    }
}
