using Interleave;

namespace Fuzz.Schedules;

/// <summary>The states that a search has been in. Several searches of one program may share it.</summary>
/// <remarks>A state is kept as its hash of 128 bits and the fewest preemptions that led to it: 17 bytes, in tables that
/// are at most three quarters full. It is thread-safe: parts of it are locked one by one.</remarks>
public sealed class StateMemory
{
    /// <summary>What a search may take unless said otherwise: 2 GiB, some 60 to 120 million states.</summary>
    public const long BytesDefault = 2L << 30;

    private const int Parts = 64;
    private readonly Part[] parts = new Part[Parts];

    /// <summary>An empty memory.</summary>
    /// <param name="bytesMax">What it may grow to, in bytes.</param>
    public StateMemory(long bytesMax = BytesDefault)
    {
        for (int i = 0; i < Parts; i++)
        {
            parts[i] = new Part(bytesMax / Parts);
        }
    }

    /// <summary>States in it.</summary>
    public long States => parts.Sum(part => (long)part.Count);

    /// <summary>Whether a state was met for which there was no room. What was not met before cannot be told from what
    /// was then: the search is not complete.</summary>
    public bool IsFull => Array.Exists(parts, part => part.IsFull);

    /// <summary>Notes a state.</summary>
    /// <param name="state">The state.</param>
    /// <param name="preemptions">Preemptions that led to it.</param>
    /// <returns>Whether it has to be searched: it was not met before, or only with more preemptions.</returns>
    public bool Enter(StateHash state, int preemptions) =>
        parts[state.High >> 58].Enter(state, (byte)Math.Min(preemptions, byte.MaxValue));

    /// <summary>A table with open addressing.</summary>
    private sealed class Part(long bytesMax)
    {
        private const int EntryBytes = 17;
        private readonly Lock guard = new();
        private StateHash[] states = new StateHash[16];
        private byte[] preemptions = new byte[16];

        public int Count { get; private set; }

        public bool IsFull { get; private set; }

        public bool Enter(StateHash state, byte used)
        {
            lock (guard)
            {
                int place = Find(states, state);
                if (states[place] == state)
                {
                    bool fewer = used < preemptions[place];
                    preemptions[place] = Math.Min(used, preemptions[place]);
                    return fewer;
                }

                if (Count >= states.Length / 4 * 3)
                {
                    if (3L * states.Length * EntryBytes > bytesMax)
                    {
                        IsFull = true;
                        return false;
                    }

                    Grow();
                    place = Find(states, state);
                }

                states[place] = state;
                preemptions[place] = used;
                Count++;
                return true;
            }
        }

        private void Grow()
        {
            StateHash[] old = states;
            byte[] oldPreemptions = preemptions;
            states = new StateHash[old.Length * 2];
            preemptions = new byte[states.Length];
            for (int i = 0; i < old.Length; i++)
            {
                if (old[i] != default)
                {
                    int place = Find(states, old[i]);
                    states[place] = old[i];
                    preemptions[place] = oldPreemptions[i];
                }
            }
        }

        private static int Find(StateHash[] states, StateHash state)
        {
            int place = (int)state.Low & states.Length - 1;
            while (states[place] != default && states[place] != state)
            {
                place = place + 1 & states.Length - 1;
            }

            return place;
        }
    }
}
