namespace Conformance.Enact;

/// <summary>The functions that the engine enters in a turn, and those that a kernel was seen to enter.</summary>
internal sealed class Way
{
    private readonly string[] symbols;
    private readonly ulong[] addresses;
    private readonly List<ulong> entered = [];
    private readonly ulong? end;
    private readonly IReadOnlyList<string> callers;
    private readonly int ended;
    private int left;

    /// <summary>The way of a turn.</summary>
    /// <param name="turn">The turn.</param>
    /// <param name="addressOf">Where a function is; null for one that the kernel does not have.</param>
    public Way(EnactTurn turn, Func<string, ulong?> addressOf)
    {
        symbols = [.. turn.Path.Where(symbol => addressOf(symbol) is not null)];
        addresses = Array.ConvertAll(symbols, symbol => addressOf(symbol)!.Value);
        ended = turn.Path.Take(turn.PathOfEnded).Count(symbol => addressOf(symbol) is not null);
        left = turn.Place?.Entry ?? 0;
        End = turn.Place?.Symbol;
        callers = turn.Place?.Callers ?? [];
        end = End is null ? null : addressOf(End);
    }

    /// <summary>The function that is about to be entered when the turn is over; null where it ends otherwise.</summary>
    public string? End { get; }

    /// <summary>Where to look.</summary>
    public IEnumerable<ulong> Addresses => end is null ? addresses : [.. addresses, end.Value];

    /// <summary>Functions on the way.</summary>
    public int Length => symbols.Length;

    /// <summary>Those that the kernel has not entered in the engine's order.</summary>
    public IReadOnlyList<string> Missed => MissedFrom(0);

    /// <summary>Those of the call that the lane is in: which way the ones before came is no matter.</summary>
    public IReadOnlyList<string> MissedNow => MissedFrom(ended);

    /// <summary>The kernel enters a function: whether that is the end of the turn. To be asked once each
    /// time.</summary>
    /// <param name="address">Where it is.</param>
    /// <param name="caller">Says from which function it comes; asked only where that matters.</param>
    public bool IsEnd(ulong address, Func<string?> caller) =>
        address == end && (callers.Count == 0 || callers.Contains(caller())) && --left == 0;

    /// <summary>The kernel enters a function.</summary>
    public void Pass(ulong address) => entered.Add(address);

    /// <summary>What is left out of the longest common subsequence, from a place in the way on. A kernel enters others
    /// between them, on its own business.</summary>
    private List<string> MissedFrom(int first)
    {
        // lengths[i, j] is that of the longest one of what follows i in the way and j in what was entered.
        int[,] lengths = new int[addresses.Length + 1, entered.Count + 1];
        for (int i = addresses.Length - 1; i >= 0; i--)
        {
            for (int j = entered.Count - 1; j >= 0; j--)
            {
                lengths[i, j] = addresses[i] == entered[j]
                    ? lengths[i + 1, j + 1] + 1 : Math.Max(lengths[i + 1, j], lengths[i, j + 1]);
            }
        }

        List<string> missed = [];
        for ((int i, int j) = (0, 0); i < addresses.Length;)
        {
            if (j < entered.Count && addresses[i] == entered[j])
            {
                (i, j) = (i + 1, j + 1);
            }
            else if (j < entered.Count && lengths[i, j + 1] >= lengths[i + 1, j])
            {
                j++;
            }
            else if (i++ >= first)
            {
                missed.Add(symbols[i - 1]);
            }
        }

        return missed;
    }
}
