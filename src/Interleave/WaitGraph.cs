using System.Text;

namespace Interleave;

/// <summary>Who waits for whom, holding what: the report of a deadlock.</summary>
public static class WaitGraph
{
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
