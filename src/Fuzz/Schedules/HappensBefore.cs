using Interleave;

namespace Fuzz.Schedules;

/// <summary>Two steps of one execution that could have come in the other order.</summary>
/// <param name="First">Number of the earlier one.</param>
/// <param name="Second">Number of the later one.</param>
/// <param name="Initials">Lanes, one of which has to run in place of the first step for the second
/// to come before it.</param>
/// <param name="Awaited">Whether the second had to wait for what it touches.</param>
internal readonly record struct Reversal(int First, int Second, LaneSet Initials, bool Awaited);

/// <summary>Which steps of an execution happen before which, by what they touch, and which races could be turned
/// round.</summary>
/// <remarks>Mattern's vector clocks over steps. Two steps of different lanes depend on each other when one writes what
/// the other touches.</remarks>
internal sealed class HappensBefore
{
    private readonly Dictionary<ushort, List<(int Step, bool Writes)>> histories = [];
    private int width;
    private int[] last = [];
    private int[] before = [];
    private int[] clocks = [];

    /// <summary>For each step its lane, as of the execution that was looked at last.</summary>
    private byte[] lanes = [];

    /// <summary>Finds the races whose second step is not below <paramref name="from"/>.</summary>
    /// <param name="trace">The steps.</param>
    /// <param name="touches">What they touch.</param>
    /// <param name="from">Races of earlier steps are known.</param>
    /// <param name="into">Where races are added, in the order of their second steps.</param>
    public void FindRaces(ReadOnlySpan<TraceStep> trace, ReadOnlySpan<Touch> touches, int from, List<Reversal> into)
    {
        Prepare(trace);
        int next = 0;
        for (int step = 0; step < trace.Length; step++)
        {
            int lane = lanes[step] = trace[step].Cpu;
            Span<int> clock = Clock(step);
            clock.Clear();
            if (last[lane] >= 0)
            {
                Clock(last[lane]).CopyTo(clock);
            }

            clock.CopyTo(before);
            int first = next;
            for (; next < touches.Length && touches[next].Step == step; next++)
            {
                Join(clock, touches[next], lane);
            }

            clock[lane] = step + 1;
            last[lane] = step;
            for (int i = first; i < next; i++)
            {
                if (step >= from)
                {
                    FindRaces(step, touches[i], into);
                }
            }

            for (int i = first; i < next; i++)
            {
                History(touches[i].Object).Add((step, touches[i].Writes));
            }
        }
    }

    private Span<int> Clock(int step) => clocks.AsSpan(step * width, width);

    private bool Precedes(int early, int late) => Clock(late)[lanes[early]] > early;

    private void Prepare(ReadOnlySpan<TraceStep> trace)
    {
        int widest = 1;
        foreach (TraceStep step in trace)
        {
            widest = Math.Max(widest, step.Cpu + 1);
        }

        if (lanes.Length < trace.Length || widest != width)
        {
            width = widest;
            lanes = new byte[trace.Length * 2];
            clocks = new int[lanes.Length * width];
            last = new int[width];
            before = new int[width];
        }

        Array.Fill(last, -1);
        foreach (List<(int Step, bool Writes)> history in histories.Values)
        {
            history.Clear();
        }
    }

    private List<(int Step, bool Writes)> History(ushort id)
    {
        if (!histories.TryGetValue(id, out List<(int Step, bool Writes)>? history))
        {
            history = [];
            histories.Add(id, history);
        }

        return history;
    }

    private void Join(Span<int> clock, Touch touch, int lane)
    {
        List<(int Step, bool Writes)> history = History(touch.Object);
        for (int i = history.Count - 1; i >= 0; i--)
        {
            (int step, bool writes) = history[i];
            if ((writes || touch.Writes) && lanes[step] != lane)
            {
                Span<int> other = Clock(step);
                for (int k = 0; k < clock.Length; k++)
                {
                    clock[k] = Math.Max(clock[k], other[k]);
                }
            }

            if (writes)
            {
                return;
            }
        }
    }

    /// <summary>The races of one touch of the step, with the steps before it that are not ordered otherwise.</summary>
    private void FindRaces(int step, Touch touch, List<Reversal> into)
    {
        List<(int Step, bool Writes)> history = History(touch.Object);
        for (int i = history.Count - 1; i >= 0; i--)
        {
            (int other, bool writes) = history[i];
            if (lanes[other] == lanes[step] || !(writes || touch.Writes) || before[lanes[other]] > other)
            {
                continue;
            }

            Reversal race = new(other, step, Initials(other, step), touch.Awaited);
            if (!into.Contains(race))
            {
                into.Add(race);
            }

            // What is before a store is ordered by it, unless it is one that only let the second step begin: then the
            // race is with whoever was let in before.
            if (writes && !touch.Awaited)
            {
                return;
            }
        }
    }

    /// <summary>The lanes whose next step, of those that do not come after the first, comes after none of
    /// these.</summary>
    private LaneSet Initials(int first, int second)
    {
        LaneSet initials = default;
        LaneSet seen = default;
        for (int step = first + 1; step <= second; step++)
        {
            if (step < second && Precedes(first, step))
            {
                continue;
            }

            int lane = lanes[step];
            if (!seen.Contains(lane) && !ComesAfterAny(first, second, step))
            {
                initials.Add(lane);
            }

            seen.Add(lane);
        }

        return initials;
    }

    private bool ComesAfterAny(int first, int second, int late)
    {
        for (int step = first + 1; step < late; step++)
        {
            if (step < second && !Precedes(first, step) && Precedes(step, late))
            {
                return true;
            }
        }

        return false;
    }
}
