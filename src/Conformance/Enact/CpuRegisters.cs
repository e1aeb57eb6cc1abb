namespace Conformance.Enact;

/// <summary>Registers of a virtual cpu, of those that the emulator shows.</summary>
/// <param name="Rip">Where it is.</param>
/// <param name="Rsp">Its stack.</param>
/// <param name="Rdi">The first argument, where it is about to enter a function.</param>
/// <param name="TakesInterrupts">Whether it takes them.</param>
/// <param name="PerCpu">What to add to the address of a variable that each cpu has, in the kernel.</param>
internal readonly record struct CpuRegisters(ulong Rip, ulong Rsp, ulong Rdi, bool TakesInterrupts, ulong PerCpu)
{
    /// <summary>Bytes of the emulator's packet that are looked at.</summary>
    public const int Length = GsBaseAt + sizeof(ulong);

    private const int RdiAt = 5 * sizeof(ulong);
    private const int RspAt = 7 * sizeof(ulong);
    private const int RipAt = 16 * sizeof(ulong);
    private const int FlagsAt = RipAt + sizeof(ulong);
    private const int GsBaseAt = FlagsAt + 7 * sizeof(uint) + sizeof(ulong);

    /// <summary>X86_EFLAGS_IF.</summary>
    private const uint InterruptFlag = 1 << 9;

    /// <summary>Registers as in gdb's i386-64bit.xml: sixteen, rip, eflags, six of segments, fs_base and
    /// gs_base.</summary>
    public static CpuRegisters Parse(ReadOnlySpan<byte> packet) => new(
        BitConverter.ToUInt64(packet[RipAt..]), BitConverter.ToUInt64(packet[RspAt..]),
        BitConverter.ToUInt64(packet[RdiAt..]), (BitConverter.ToUInt32(packet[FlagsAt..]) & InterruptFlag) != 0,
        BitConverter.ToUInt64(packet[GsBaseAt..]));
}
