using System.Buffers;
using System.Net.Sockets;
using System.Text;

namespace Conformance.Guest;

/// <summary>The host's end of the virtio-serial port: lines there, replies back.</summary>
internal sealed class GuestChannel : IDisposable
{
    private const string ResultPrefix = "= ";
    private const string EndLine = ".";

    private readonly Socket socket;
    private readonly ArrayBufferWriter<byte> line = new();
    private readonly byte[] buffer = new byte[1 << 16];
    private int first;
    private int last;

    /// <summary>A connection that is there.</summary>
    public GuestChannel(Socket socket) => this.socket = socket;

    /// <summary>How long an answer may take.</summary>
    public TimeSpan Limit
    {
        set => socket.ReceiveTimeout = (int)value.TotalMilliseconds;
    }

    /// <summary>Sends a line of operations.</summary>
    /// <returns>What each of them said.</returns>
    /// <exception cref="IOException">There is no answer: <see cref="TimeoutException"/> within, or nobody there.
    /// </exception>
    public IReadOnlyList<Reply> Send(string operations)
    {
        try
        {
            socket.Send(Encoding.ASCII.GetBytes($"{operations}\n"));
        }
        catch (SocketException error)
        {
            throw new IOException("the emulator has ended", error);
        }

        return Receive();
    }

    /// <summary>Waits for an answer.</summary>
    /// <exception cref="IOException">See <see cref="Send"/>.</exception>
    public IReadOnlyList<Reply> Receive()
    {
        List<Reply> replies = [];
        List<string> lines = [];
        for (string text = ReadLine(); text != EndLine; text = ReadLine())
        {
            if (text.StartsWith(ResultPrefix, StringComparison.Ordinal))
            {
                lines = [];
                replies.Add(new Reply(text[ResultPrefix.Length..], lines));
            }
            else
            {
                lines.Add(text);
            }
        }

        return replies;
    }

    /// <inheritdoc />
    public void Dispose() => socket.Dispose();

    private string ReadLine()
    {
        while (true)
        {
            int length = buffer.AsSpan(first, last - first).IndexOf((byte)'\n');
            line.Write(buffer.AsSpan(first, length < 0 ? last - first : length));
            if (length >= 0)
            {
                first += length + 1;
                string text = Encoding.ASCII.GetString(line.WrittenSpan);
                line.ResetWrittenCount();
                return text;
            }

            first = 0;
            last = Fill();
        }
    }

    private int Fill()
    {
        try
        {
            int count = socket.Receive(buffer);
            return count > 0 ? count : throw new IOException("the emulator has ended");
        }
        catch (SocketException error) when (error.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
        {
            throw new IOException("no answer in time", new TimeoutException());
        }
        catch (SocketException error)
        {
            throw new IOException("the emulator has ended", error);
        }
    }
}
