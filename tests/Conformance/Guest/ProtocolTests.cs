using System.Net.Sockets;
using System.Text;
using Conformance.Guest;
using Xunit;

namespace Tests.Conformance.Guest;

public class ProtocolTests
{
    [Theory]
    [InlineData("0", true, null)]
    [InlineData("18446744073709551615", true, null)]
    [InlineData("-EINVAL", false, "EINVAL")]
    [InlineData("sig7", false, null)]
    [InlineData("none", false, null)]
    [InlineData("0 1 -EBUSY", false, null)]
    public void A_result_is_a_number_an_error_or_something_else(string result, bool ok, string? error)
    {
        Reply reply = new(result, []);
        Assert.Equal(ok, reply.Ok);
        Assert.Equal(error, reply.Error);
    }

    [Fact]
    public void Each_operation_of_a_line_has_its_reply_with_its_lines()
    {
        (GuestChannel channel, Socket agent) = Connect();
        using (channel)
        using (agent)
        {
            // In pieces, as it may come.
            agent.Send("= 17\n= 0\nP0 3 swap type="u8);
            agent.Send("0 off=2 bits=80\nW size=16 used=1\n= -EINVAL\n.\n= 0"u8);
            agent.Send("\n.\n"u8);
            IReadOnlyList<Reply> replies = channel.Send("read 0 3;dump;munmap 0 0 0");
            Assert.Equal(["17", "0", "-EINVAL"], replies.Select(reply => reply.Result));
            Assert.Equal(["P0 3 swap type=0 off=2 bits=80", "W size=16 used=1"], replies[1].Lines);
            Assert.Empty(replies[2].Lines);
            Assert.Equal(17UL, replies[0].Value);
            Assert.Equal("0", Assert.Single(channel.Receive()).Result);

            byte[] sent = new byte[64];
            Assert.Equal("read 0 3;dump;munmap 0 0 0\n", Encoding.ASCII.GetString(sent, 0, agent.Receive(sent)));
        }
    }

    [Fact]
    public void A_guest_that_does_not_answer_is_waited_for_no_longer_than_the_limit()
    {
        (GuestChannel channel, Socket agent) = Connect();
        using (channel)
        using (agent)
        {
            channel.Limit = TimeSpan.FromMilliseconds(50);
            agent.Send("= 0\n"u8);
            IOException error = Assert.Throws<IOException>(() => channel.Send("ping"));
            Assert.Equal("no answer in time", error.Message);
        }
    }

    [Fact]
    public void A_guest_that_has_ended_is_told_from_a_slow_one()
    {
        (GuestChannel channel, Socket agent) = Connect();
        using (channel)
        {
            agent.Dispose();
            IOException error = Assert.Throws<IOException>(() => channel.Send("ping"));
            Assert.Equal("the emulator has ended", error.Message);
        }
    }

    [Fact]
    public void What_a_console_says_fits_on_one_line()
    {
        Assert.Equal("Oops: 0002 | RIP: 0010:x", Emulator.Tail("a\nOops: 0002\nCPU: 0\nRIP: 0010:x\nb\nc\nd\ne\n"));
        Assert.Equal("b | c | d | e | f", Emulator.Tail("a\nb\n\nc\nd\ne \nf\n"));
        Assert.Equal("it printed nothing", Emulator.Tail("\n"));
    }

    private static (GuestChannel Channel, Socket Agent) Connect()
    {
        string folder = Directory.CreateTempSubdirectory("channel-").FullName;
        try
        {
            UnixDomainSocketEndPoint place = new(Path.Combine(folder, "s"));
            using Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            listener.Bind(place);
            listener.Listen();
            Socket agent = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            agent.Connect(place);
            return (new GuestChannel(listener.Accept()), agent);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
