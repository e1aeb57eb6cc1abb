namespace Tests.Bench.Explore;

/// <summary>All states of 'mapcount reset' by a hand-written search: states are packed into one word, steps are a
/// switch, visited states lie in a table with open addressing. The limit for what explores routines.</summary>
internal sealed class FlatSearch(int lanes, int rounds)
{
    private const int LaneBits = 8;
    private const int AtBits = 3;
    private const ulong LaneMask = (1UL << LaneBits) - 1;
    private const ulong Seen = 1UL << (LaneBits - 1);
    private ulong[] table = new ulong[1 << 16];
    private ulong[] stack = new ulong[1 << 12];
    private int depth;

    /// <summary>States met, the first one included.</summary>
    public int States { get; private set; }

    /// <summary>Steps taken from all of them.</summary>
    public long Transitions { get; private set; }

    /// <summary>Whether the law held whenever no call was in flight.</summary>
    public bool Holds { get; private set; } = true;

    private int Shared => lanes * LaneBits;

    public void Run()
    {
        Enter(0);
        while (depth > 0)
        {
            ulong state = stack[--depth];
            for (int lane = 0; lane < lanes; lane++)
            {
                if (Step(state, lane) is { } next)
                {
                    Transitions++;
                    Enter(next);
                }
            }
        }
    }

    /// <summary>A lane's byte: where it is (0 to 7), its round, and whether it saw the anon_vma. Above the lanes: the
    /// lock, the anon_vma, mapcount + 1 (4 bits), the entries.</summary>
    private ulong? Step(ulong state, int lane)
    {
        int shift = lane * LaneBits;
        ulong own = state >> shift & LaneMask;
        ulong at = own & 7;
        ulong locked = 1UL << Shared;
        ulong anon = 2UL << Shared;
        int count = Shared + 2;
        ulong entry = 1UL << (Shared + 6 + lane);
        if ((int)(own >> AtBits & 0xF) == rounds || (at == 0 && (state & locked) != 0))
        {
            return null;
        }

        ulong mapcount = state >> count & 0xF;
        state &= ~(LaneMask << shift);
        switch (at)
        {
            case 0:
                state |= locked;
                break;
            case 1:
                own = (state & anon) != 0 ? own | Seen : own & ~Seen;
                break;
            case 2:
                state |= anon;
                break;
            case 3:
                mapcount = (own & Seen) != 0 ? mapcount + 1 : 1;
                own &= ~Seen;
                state |= entry;
                break;
            case 4:
                state &= ~locked;
                break;
            case 6:
                state &= ~entry;
                break;
            case 7:
                mapcount--;
                break;
            default:
                break;
        }

        state = state & ~(0xFUL << count) | (mapcount & 0xF) << count;
        return Judged(state | (own + 1 & LaneMask) << shift);
    }

    private ulong Judged(ulong state)
    {
        bool quiet = true;
        for (int lane = 0; lane < lanes; lane++)
        {
            quiet &= (state >> lane * LaneBits & 7) is 0 or 5;
        }

        ulong entries = state >> (Shared + 6) & 0xF;
        Holds &= !quiet || (state >> (Shared + 2) & 0xF) == (ulong)System.Numerics.BitOperations.PopCount(entries);
        return state;
    }

    private void Enter(ulong state)
    {
        if (States * 2 >= table.Length)
        {
            ulong[] old = table;
            table = new ulong[old.Length * 2];
            foreach (ulong kept in old)
            {
                if (kept != 0)
                {
                    table[Find(kept)] = kept;
                }
            }
        }

        // The first state is 0, which marks an empty place.
        ulong key = state + 1;
        int place = Find(key);
        if (table[place] == key)
        {
            return;
        }

        table[place] = key;
        States++;
        if (depth == stack.Length)
        {
            Array.Resize(ref stack, depth * 2);
        }

        stack[depth++] = state;
    }

    private int Find(ulong key)
    {
        int place = (int)(key * 0x9E3779B97F4A7C15UL >> 32) & table.Length - 1;
        while (table[place] != 0 && table[place] != key)
        {
            place = place + 1 & table.Length - 1;
        }

        return place;
    }
}
