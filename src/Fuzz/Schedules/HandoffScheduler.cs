using Interleave;

namespace Fuzz.Schedules;

/// <summary>Guided by hand-offs: before each execution a few rare ones are wished for, and lanes that would spoil them
/// are put off.</summary>
/// <remarks>
/// In the spirit of Wolff, Shi, Duck, Mathur, Roychoudhury: Greybox Fuzzing for Concurrency Testing (RFF), ASPLOS 2024:
/// abstract schedules are sets of reads-from constraints between places in the code, mutated, kept when they show
/// something new, and followed with the best effort. Here a constraint says which change of an object a step meets,
/// reads as well as writes and locks, and all constraints are positive; rare is what was seen and wished for least
/// often. A lane that is wished to come after a change waits for it; between the two whoever else would change the
/// object waits. Who is free goes by partial order sampling. No guarantee: a wish that cannot be fulfilled is passed
/// over when nobody else can go on. The first execution has none, and every other one when nothing is rare any more.
/// </remarks>
public sealed class HandoffScheduler : EventScheduler
{
    private readonly Priorities priorities;

    /// <summary>By object, the point that changed it last, in executions of this stamp.</summary>
    private readonly (int Execution, ushort Point)[] last = new (int, ushort)[ushort.MaxValue + 1];

    private readonly List<Handoff> open = [];
    private int execution;

    /// <summary>A scheduler on a stream of random numbers.</summary>
    /// <param name="rng">Where its choices come from.</param>
    /// <param name="profile">What was learnt of the program.</param>
    public HandoffScheduler(Rng rng, Profile profile)
        : base(rng, profile) => priorities = new Priorities(rng);

    private protected override void BeginEvents(int cpus)
    {
        execution++;
        priorities.Begin(cpus);
        open.Clear();
        open.AddRange(Profile.Handoffs.Wish(Rng));
    }

    private protected override int NextEvent(in Choice choice)
    {
        LaneSet free = choice.Enabled;
        foreach (int lane in open.Count == 0 ? default : choice.Enabled)
        {
            free.Set(lane, !Spoils(lane));
        }

        int chosen = priorities.Highest(free.IsEmpty ? choice.Enabled : free);
        DrawAnew(choice, chosen, priorities);
        return chosen;
    }

    private protected override void Chosen(int cpu)
    {
        ushort target = TargetOf(cpu);
        open.Remove(new Handoff(LastOf(target), PointOf(cpu)));
        if (Writes(cpu))
        {
            last[target] = (execution, PointOf(cpu));
        }
    }

    /// <summary>Whether the lane's step would come before its time, or between the two of a wish.</summary>
    private bool Spoils(int cpu)
    {
        ushort changed = LastOf(TargetOf(cpu));
        ushort point = PointOf(cpu);
        foreach (Handoff wish in open)
        {
            bool early = point == wish.To && changed != wish.From;
            bool between = point != wish.To && point != wish.From && changed == wish.From && Writes(cpu)
                && Profile.Handoffs.Touches(wish.To, TargetOf(cpu));
            if (early || between)
            {
                return true;
            }
        }

        return false;
    }

    private ushort LastOf(ushort target) =>
        last[target] is { } touch && touch.Execution == execution ? touch.Point : Handoffs.Untouched;
}
