using Conformance.Guest;

namespace Conformance.Enact;

/// <summary>Where functions of a running kernel are. What was asked once is known while the guest stands
/// still.</summary>
/// <param name="guest">Runs the kernel; every boot has them at the same place.</param>
internal sealed class KernelText(KernelGuest guest)
{
    private readonly SortedDictionary<string, ulong?> symbols = new(StringComparer.Ordinal);

    /// <summary>Where a process sends its answer, the call done.</summary>
    public ulong Answer => Needed("__x64_sys_sendto");

    /// <summary>Where a process ends.</summary>
    public ulong End => Needed("do_task_dead");

    /// <summary>Where a task lets go of its cpu.</summary>
    public ulong Schedule => Needed("schedule");

    /// <summary>Text that nobody runs: nobody renames a guest.</summary>
    public ulong Spare => Needed("__x64_sys_sethostname");

    /// <summary>The variable of each cpu that names its task; the first field of pcpu_hot before v6.15.</summary>
    public ulong CurrentTask => AddressOf("current_task") ?? Needed("pcpu_hot");

    /// <summary>Asks for all that is going to be needed.</summary>
    /// <exception cref="GuestException">The kernel lacks some of it.</exception>
    public void Prepare(EnactPlan plan) =>
        _ = Answer + End + Schedule + Spare + CurrentTask
            + (ulong)plan.Turns.Sum(turn => turn.Path.Count(symbol => AddressOf(symbol) is null));

    /// <summary>Where a function is entered; null where the kernel has none of that name.</summary>
    public ulong? AddressOf(string symbol)
    {
        if (!symbols.TryGetValue(symbol, out ulong? address))
        {
            address = guest.Send($"symbols {symbol}").Lines is [string line, ..] && line.Split(' ') is [_, string hex]
                ? Convert.ToUInt64(hex, 16) : null;
            symbols.Add(symbol, address);
        }

        return address;
    }

    private ulong Needed(string symbol) =>
        AddressOf(symbol) ?? throw new GuestException($"this kernel has no function {symbol}");
}
