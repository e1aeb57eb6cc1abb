using System.Globalization;

namespace Conformance.Guest;

/// <summary>The processes of a guest's programs, found in its memory; and their exact counters without what the agent
/// itself uses.</summary>
/// <param name="memory">The guest's memory.</param>
/// <param name="guest">The guest.</param>
internal sealed class GuestProcesses(GuestMemory memory, KernelGuest guest)
{
    private readonly Dictionary<int, (int Pid, ulong Mm, RssState? Own)> processes = [];

    /// <summary>Begins anew, with the process of a fresh world, of which nothing is in memory but what is the
    /// agent's.</summary>
    public void Reset()
    {
        processes.Clear();
        Refresh();
    }

    /// <summary>Looks which processes there are.</summary>
    /// <param name="parent">The process that has forked if there is one more than before.</param>
    public void Refresh(int parent = -1)
    {
        Dictionary<int, int> pids = [];
        foreach (string[] words in guest.Send("pids").Lines.Select(line => line.Split(' ')))
        {
            pids[Number(words[0])] = Number(words[1]);
        }

        foreach (int gone in processes.Keys.Except(pids.Keys).ToArray())
        {
            processes.Remove(gone);
        }

        foreach ((int number, int pid) in pids)
        {
            if ((!processes.TryGetValue(number, out (int Pid, ulong Mm, RssState? Own) known) || known.Pid != pid)
                && memory.MmOf(pid) is { } mm)
            {
                RssState? own = processes.TryGetValue(parent, out (int Pid, ulong Mm, RssState? Own) copied)
                    ? copied.Own : memory.RssOf(mm);
                processes[number] = (pid, mm, own);
            }
        }
    }

    /// <summary>The mm_struct of a process; null when there is no such process.</summary>
    public ulong? MmOf(int number) =>
        processes.TryGetValue(number, out (int Pid, ulong Mm, RssState? Own) known) ? known.Mm : null;

    /// <summary>Its counters; null where the kernel keeps them in another way.</summary>
    public RssState? RssOf(int number) =>
        processes.TryGetValue(number, out (int Pid, ulong Mm, RssState? Own) known)
        && known.Own is { } own && memory.RssOf(known.Mm) is { } all
            ? new RssState(all.File - own.File, all.Anon - own.Anon, all.Swap - own.Swap, all.Shmem - own.Shmem)
            : null;

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
