using Fuzz.Programs;

namespace Fuzz.Shrinking;

/// <summary>Removes two calls at once that are only needed for each other, wherever they are: map and unmap, pin and
/// unpin.</summary>
/// <remarks>Quadratic, so it comes after everything else and only when few calls are left.</remarks>
internal sealed class RemovePairs : IShrinkPass
{
    /// <summary>120 pairs at most: what one candidate costs, and not more than a second for the slowest
    /// engine.</summary>
    private const int CallsMax = 16;

    /// <inheritdoc />
    public void Run(ShrinkRun run)
    {
        Program start = run.Best;
        if (start.Setup.Length + start.ConcurrentCalls > CallsMax)
        {
            return;
        }

        List<(int Section, int Index)> places = [];
        for (int section = Edit.Setup; section < start.Cpus.Length; section++)
        {
            for (int index = 0; index < start.Section(section).Length; index++)
            {
                places.Add((section, index));
            }
        }

        for (int i = 0; i < places.Count; i++)
        {
            for (int j = i + 1; j < places.Count; j++)
            {
                // The later one first, so that the earlier one's index still holds.
                Program without = start.Without(places[j].Section, places[j].Index)
                    .Without(places[i].Section, places[i].Index);
                if (run.Try(without.Settled()))
                {
                    return;
                }
            }
        }
    }
}
