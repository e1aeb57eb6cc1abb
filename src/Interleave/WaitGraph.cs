using System.Text;

namespace Interleave;

/// <summary>Who waits for whom, holding what: the report of a deadlock.</summary>
public static class WaitGraph
{
    /// <summary>The lane that stands for a deadlock: one of those that wait for each other in a circle, or for what
    /// nobody will give, rather than one that waits for these. By the name of the function it is parked in, so that the
    /// numbers of the lanes make no difference. Null when all are done.</summary>
    public static Cpu? Culprit(Machine machine)
    {
        LaneSet[] reaches = new LaneSet[machine.Cpus.Length];
        List<Cpu> blockers = [];
        foreach (Cpu cpu in machine.Cpus)
        {
            blockers.Clear();
            cpu.Waiting?.Blockers(cpu, blockers);
            foreach (Cpu blocker in blockers)
            {
                // A lane that is done gives nothing back any more.
                if (!blocker.Done)
                {
                    reaches[cpu.Index].Add(blocker.Index);
                }
            }
        }

        for (int round = 0; round < reaches.Length; round++)
        {
            for (int lane = 0; lane < reaches.Length; lane++)
            {
                foreach (int other in reaches[lane])
                {
                    reaches[lane] |= reaches[other];
                }
            }
        }

        Cpu? culprit = null;
        foreach (Cpu cpu in machine.Cpus)
        {
            LaneSet waitsFor = reaches[cpu.Index];
            bool isRoot = waitsFor.IsEmpty || waitsFor.Contains(cpu.Index);
            if (!cpu.Done && isRoot && (culprit is null
                || string.CompareOrdinal(cpu.Parked.Function, culprit.Parked.Function) < 0))
            {
                culprit = cpu;
            }
        }

        return culprit;
    }

    /// <summary>One line for each lane that is not done.</summary>
    public static string Describe(Machine machine)
    {
        StringBuilder text = new();
        List<Cpu> blockers = [];
        foreach (Cpu cpu in machine.Cpus)
        {
            if (cpu.Done)
            {
                continue;
            }

            blockers.Clear();
            cpu.Waiting?.Blockers(cpu, blockers);
            text.Append($"cpu{cpu.Index} at {cpu.Parked.Name} waits for {cpu.Target?.Name ?? "nothing"}");
            text.Append(blockers.Count == 0
                ? ", which nobody will give"
                : $", held by {string.Join(", ", blockers.Select(b => $"cpu{b.Index}"))}");
            if (cpu.Held.Length > 0)
            {
                text.Append(", holding ").AppendJoin(", ", cpu.Held.ToArray().Select(h => h!.Name));
            }

            text.Append('\n');
        }

        return text.ToString().TrimEnd('\n');
    }
}
