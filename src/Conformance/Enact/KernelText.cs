using Conformance.Guest;

namespace Conformance.Enact;

/// <summary>Where functions of a running kernel are. What was asked once is known while the guest stands
/// still.</summary>
/// <param name="guest">Runs the kernel; every boot has them at the same place.</param>
internal sealed class KernelText(KernelGuest guest)
{
    private readonly Lazy<KernelSymbols> symbols = new(() => new(guest.Send("cat /proc/kallsyms").Lines));

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
    public void Prepare() => _ = Answer + End + Schedule + Spare + CurrentTask;

    /// <summary>See <see cref="KernelSymbols.AddressOf"/>.</summary>
    public ulong? AddressOf(string symbol) => symbols.Value.AddressOf(symbol);

    /// <summary>See <see cref="KernelSymbols.FunctionAt"/>.</summary>
    public string? FunctionAt(ulong address) => symbols.Value.FunctionAt(address);

    private ulong Needed(string symbol) =>
        AddressOf(symbol) ?? throw new GuestException($"this kernel has no symbol {symbol}");
}
