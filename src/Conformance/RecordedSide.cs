using Fuzz.Programs;
using Mm.State;

namespace Conformance;

/// <summary>A real kernel as it was recorded, as one of the sides.</summary>
/// <param name="recorded">The one program that it can be asked about.</param>
public sealed class RecordedSide(Recorded recorded) : IKernelSide
{
    private int next;
    private int[] world = [];

    /// <inheritdoc />
    public void Reset(int[] shape)
    {
        next = 0;
        world = shape;
    }

    /// <inheritdoc />
    /// <exception cref="KernelLostException">It was asked something else then.</exception>
    public Reaction Run(CallPlan plan, Kernel engine)
    {
        string asked = GuestSide.LineOf(plan, engine);
        if (next == recorded.Exchanges.Count || recorded.Exchanges[next].Asked != asked)
        {
            string then = next == recorded.Exchanges.Count ? "nothing more" : $"'{recorded.Exchanges[next].Asked}'";
            throw new KernelLostException($"the recorded kernel was asked {then}, not '{asked}'", null);
        }

        return GuestSide.ToReaction(plan, recorded.Exchanges[next++].Replies, world);
    }

    /// <inheritdoc />
    public void Dispose()
    {
    }

    /// <summary>What a recorded kernel says of an engine.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="programs">What was recorded.</param>
    /// <param name="release">The kernel's version.</param>
    /// <returns>The first difference in words, or null when both always agree.</returns>
    public static string? Judge(EngineSide engine, IEnumerable<Recorded> programs, Release release)
    {
        Comparison comparison = new(release);
        foreach (Recorded recorded in programs)
        {
            using RecordedSide side = new(recorded);
            try
            {
                Trial trial = new Conformer(engine, side, comparison).Run(recorded.Program);
                if (trial.Difference is { } difference)
                {
                    return difference.Signature;
                }

                if (trial.End != TrialEnd.Agrees)
                {
                    return trial.End == TrialEnd.EngineFailed ? "a call does not end" : "a call cannot be made";
                }
            }
            catch (KernelLostException lost)
            {
                return lost.Message;
            }
        }

        return null;
    }
}
