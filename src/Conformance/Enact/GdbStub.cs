using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Conformance.Guest;

namespace Conformance.Enact;

/// <summary>The emulator's gdb stub: virtual cpus are stopped at an address and let go on one by one.</summary>
/// <remarks>
/// GDB Remote Serial Protocol, as QEMU answers it (gdbstub.c): <c>$text#checksum</c>, acknowledged by <c>+</c>; cpus
/// are threads of one process, numbered from 1. When one stops, all stop.
/// </remarks>
internal sealed class GdbStub : IDisposable
{
    private const int RipNumber = 16;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly StringBuilder received = new();
    private readonly byte[] buffer = new byte[1 << 12];
    private bool isRunning;

    /// <summary>Connects; the guest stops.</summary>
    /// <param name="path">The socket.</param>
    /// <exception cref="GuestException">Nobody answers.</exception>
    public GdbStub(string path)
    {
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException error)
        {
            throw new GuestException($"the emulator's gdb stub does not answer: {error.Message}", error);
        }

        // That the guest has stopped is told, perhaps unasked, before these are answered.
        Ask("qSupported:multiprocess+;vContSupported+");
        Ask("vCont?");

        // Who has not asked for this may not store to single registers.
        Ask("qXfer:features:read:target.xml:0,fff");

        // Also forgets breakpoints of whoever was here before.
        Send("?");
        Receive(Patience);
    }

    /// <summary>From now on a cpu stops before it executes what is at an address.</summary>
    /// <exception cref="GuestException">There are no more breakpoints.</exception>
    public void SetBreakpoint(ulong address) => Expect("OK", Ask($"Z1,{address:x},1"));

    /// <summary>From now on none does.</summary>
    public void ClearBreakpoint(ulong address) => Ask($"z1,{address:x},1");

    /// <summary>Lets some cpus go on, and no others.</summary>
    public void Continue(IEnumerable<int> cpus)
    {
        Send("vCont" + string.Concat(cpus.Select(cpu => $";c:p1.{Thread(cpu)}")));
        isRunning = true;
    }

    /// <summary>One cpu executes one instruction.</summary>
    public void Step(int cpu)
    {
        Send($"vCont;s:p1.{Thread(cpu)}");
        Receive(Patience);
    }

    /// <summary>Waits until a cpu stops.</summary>
    /// <param name="patience">How long.</param>
    /// <returns>The cpu, or null when none has.</returns>
    public int? WaitForStop(TimeSpan patience)
    {
        if (Receive(patience) is not { } told)
        {
            return null;
        }

        isRunning = false;
        return CpuOf(told);
    }

    /// <summary>Stops all cpus, unless they have stopped.</summary>
    public void Interrupt()
    {
        if (!isRunning)
        {
            return;
        }

        socket.Send([3]);
        if (Receive(Patience) is null)
        {
            throw new GuestException("the emulator does not stop");
        }

        isRunning = false;
    }

    /// <summary>Where a stopped cpu is.</summary>
    public ulong Rip(int cpu) => Registers(cpu).Rip;

    /// <summary>Registers of a stopped cpu.</summary>
    public CpuRegisters Registers(int cpu)
    {
        Ask($"Hgp1.{Thread(cpu)}");
        string registers = Ask("g");
        return registers.Length >= 2 * CpuRegisters.Length
            ? CpuRegisters.Parse(Convert.FromHexString(registers.AsSpan(0, 2 * CpuRegisters.Length)))
            : throw new GuestException($"the emulator does not show registers: '{registers}'");
    }

    /// <summary>Puts a stopped cpu elsewhere.</summary>
    public void SetRip(int cpu, ulong address)
    {
        Ask($"Hgp1.{Thread(cpu)}");
        Expect("OK", Ask($"P{RipNumber:x}={Convert.ToHexStringLower(BitConverter.GetBytes(address))}"));
    }

    /// <summary>A word of memory, as that cpu sees it.</summary>
    public ulong ReadWord(int cpu, ulong address)
    {
        Ask($"Hgp1.{Thread(cpu)}");
        string told = Ask($"m{address:x},{sizeof(ulong)}");
        return told.Length == 2 * sizeof(ulong)
            ? BitConverter.ToUInt64(Convert.FromHexString(told))
            : throw new GuestException($"the emulator does not show what is at {address:x}: '{told}'");
    }

    /// <summary>Stores to memory, the kernel's text included.</summary>
    public void Write(int cpu, ulong address, ReadOnlySpan<byte> bytes)
    {
        Ask($"Hgp1.{Thread(cpu)}");
        Expect("OK", Ask($"M{address:x},{bytes.Length:x}:{Convert.ToHexStringLower(bytes)}"));
    }

    /// <inheritdoc />
    public void Dispose() => socket.Dispose();

    /// <summary>A packet with its checksum.</summary>
    internal static string Frame(string text) => $"${text}#{Encoding.ASCII.GetBytes(text).Aggregate(
        (byte)0, (sum, letter) => (byte)(sum + letter)):x2}";

    /// <summary>The cpu that a stop reply names: <c>T05thread:p01.02;</c>.</summary>
    internal static int? CpuOf(string told)
    {
        const string Key = "thread:p";
        int at = told.IndexOf(Key, StringComparison.Ordinal);
        int dot = at < 0 ? -1 : told.IndexOf('.', at);
        int end = dot < 0 ? -1 : told.IndexOf(';', dot);
        return end > 0 && int.TryParse(
            told.AsSpan(dot + 1, end - dot - 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out int thread)
            ? thread - 1
            : null;
    }

    private static int Thread(int cpu) => cpu + 1;

    private static void Expect(string wanted, string told)
    {
        if (told != wanted)
        {
            throw new GuestException($"the emulator's gdb stub says '{told}', not '{wanted}'");
        }
    }

    /// <summary>The answer to what is no wish to go on; that cpus have stopped is none.</summary>
    private string Ask(string text)
    {
        Send(text);
        string? answer;
        do
        {
            answer = Receive(Patience);
        }
        while (answer is ['T' or 'S', ..]);
        return answer ?? throw new GuestException($"the emulator's gdb stub has no answer to '{text}'");
    }

    private void Send(string text) => socket.Send(Encoding.ASCII.GetBytes(Frame(text)));

    /// <summary>The next packet, or null when none comes in time.</summary>
    private string? Receive(TimeSpan patience)
    {
        long start = Environment.TickCount64;
        while (true)
        {
            if (Take() is { } packet)
            {
                socket.Send("+"u8);
                return packet;
            }

            TimeSpan left = patience - TimeSpan.FromMilliseconds(Environment.TickCount64 - start);
            if (left <= TimeSpan.Zero || !socket.Poll(left, SelectMode.SelectRead))
            {
                return null;
            }

            int count = socket.Receive(buffer);
            if (count == 0)
            {
                throw new GuestException("the emulator has ended");
            }

            received.Append(Encoding.ASCII.GetString(buffer, 0, count));
        }
    }

    private string? Take()
    {
        const int ChecksumLength = 2;
        string text = received.ToString();
        int start = text.IndexOf('$', StringComparison.Ordinal);
        int end = start < 0 ? -1 : text.IndexOf('#', start);
        if (end < 0 || text.Length < end + 1 + ChecksumLength)
        {
            return null;
        }

        received.Remove(0, end + 1 + ChecksumLength);
        return text[(start + 1)..end];
    }
}
