using System.Numerics;

namespace Tests.Bench.MapcountReset;

/// <summary>W1 as a hand-written switch: the limit against which the readable form is measured.</summary>
/// <remarks>One step a turn of the loop, uniform among the lanes that can run; no trace, no names, all state in
/// locals.</remarks>
internal sealed class FlatModel(ulong seed)
{
    /// <summary>Two bits for each (mask, n): the n-th set bit of the mask. Without it a branch would depend on the
    /// dice.</summary>
    private const ulong Picks =
        0UL << (1 * 8) | 1UL << (2 * 8) | 0b0100UL << (3 * 8) | 2UL << (4 * 8) | 0b1000UL << (5 * 8)
        | 0b1001UL << (6 * 8) | 0b100100UL << (7 * 8);

    private readonly Lane[] lanes = new Lane[W1.Lanes];
    private ulong dice = seed;

    /// <summary>Runs once; returns the number of steps, or -1 when a law was broken.</summary>
    public int Execute()
    {
        Span<Lane> all = lanes;
        all.Clear();
        ulong random = dice;
        bool locked = false;
        bool anon = false;
        int mapcount = -1;
        uint ptes = 0;
        int inFlight = 0;
        int steps = 0;
        uint live = (1u << W1.Lanes) - 1;
        uint wanting = live;
        while (live != 0)
        {
            uint enabled = live & (locked ? ~wanting : ~0u);
            random ^= random >> 12;
            random ^= random << 25;
            random ^= random >> 27;
            uint n = (uint)((random * 0x2545F4914F6CDD1DUL >> 32) * (uint)BitOperations.PopCount(enabled) >> 32);
            int chosen = (int)(Picks >> (int)((enabled * 4 + n) * 2)) & 3;
            uint bit = 1u << chosen;
            ref Lane lane = ref all[chosen];
            steps++;
            switch (lane.At++)
            {
                case 0:
                    inFlight++;
                    locked = true;
                    wanting &= ~bit;
                    break;
                case 1:
                    lane.SawAnon = anon;
                    break;
                case 2:
                    anon |= !lane.SawAnon;
                    break;
                case 3:
                    mapcount = lane.SawAnon ? mapcount + 1 : 0;
                    ptes |= bit;
                    break;
                case 4:
                    locked = false;
                    inFlight--;
                    break;
                case 5:
                    inFlight++;
                    break;
                case 6:
                    ptes &= ~bit;
                    break;
                default:
                    mapcount--;
                    inFlight--;
                    lane.At = 0;
                    wanting |= bit;
                    live &= ~((++lane.Round == W1.Rounds ? 1u : 0) << chosen);
                    break;
            }

            if (inFlight == 0 && mapcount + 1 != BitOperations.PopCount(ptes))
            {
                return -1;
            }
        }

        dice = random;
        return mapcount == -1 ? steps : -1;
    }

    private struct Lane
    {
        public int At;
        public int Round;
        public bool SawAnon;
    }
}
