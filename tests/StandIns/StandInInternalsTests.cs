using System.Text;
using FsCheck.Xunit;
using SharpFuzz;
using SharpFuzz.Common;
using Xunit;

namespace Tests.StandIns;

/// <summary>What only the stand-ins promise: not compiled when the original packages take their place.</summary>
[Collection(nameof(PropertySamples))]
public sealed class StandInInternalsTests
{
    [Fact]
    public unsafe void Outside_a_fuzzer_the_trace_is_a_private_map_of_64_KiB()
    {
        Trace.SharedMem[0]++;
        Trace.SharedMem[(1 << 16) - 1]++;
        Assert.True(Trace.SharedMem == Trace.PrivateMap);
    }

    [Theory]
    [InlineData("stream")]
    [InlineData("out of process")]
    [InlineData("libFuzzer")]
    public void The_target_ends_well_when_its_fuzzer_leaves(string entry)
    {
        using var fuzzer = new FakeFuzzer(entry);
        fuzzer.Hello();
        Assert.Equal(0, fuzzer.Leave());
    }

    [Theory]
    [InlineData("#")]
    [InlineData("!")]
    public void Out_of_process_the_first_input_may_crash(string text)
    {
        using var fuzzer = new FakeFuzzer("out of process");
        fuzzer.Hello();
        Assert.Equal(2, fuzzer.Execute(text).Status);
        Assert.Equal($"{(int)text[0]}:1", fuzzer.Edges());
        Assert.Equal(0, fuzzer.Execute("A").Status);
    }

    [Fact]
    public unsafe void The_fork_server_answers_each_request_with_a_process_and_a_status()
    {
        var map = new byte[1 << 16];
        var inputs = new List<string>();
        using var control = new MemoryStream(new byte[2 * sizeof(int)]);
        using var status = new MemoryStream();
        fixed (byte* cells = map)
        {
            var start = cells;
            ForkServer.Serve(control, status, new MemoryStream("once"u8.ToArray()), start, stream =>
            {
                inputs.Add(new StreamReader(stream).ReadToEnd());
                start[5]++;
                throw new InvalidOperationException();
            });
        }

        Assert.Equal([0, Environment.ProcessId, 2, Environment.ProcessId, 2], Words(status));
        Assert.Equal(["once", "once", ""], inputs);
        Assert.Equal(2, map[5]);
    }

    [Fact]
    public unsafe void The_libFuzzer_loop_may_take_exceptions_for_success()
    {
        var memory = new byte[(1 << 16) + 4];
        "wxyz"u8.CopyTo(memory.AsSpan(1 << 16));
        var inputs = new List<string>();
        using var control = new MemoryStream([4, 0, 0, 0, 1, 0, 0, 0]);
        using var status = new MemoryStream();
        fixed (byte* start = memory)
        {
            LibFuzzerLoop.Serve(control, status, start, Note, ignoreExceptions: true);
        }

        Assert.Equal([0, 0, 0], Words(status));
        Assert.Equal(["wxyz", "w"], inputs);

        void Note(ReadOnlySpan<byte> span)
        {
            inputs.Add(Encoding.UTF8.GetString(span));
            throw new InvalidOperationException();
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData((1 << 20) + 1)]
    public unsafe void The_libFuzzer_loop_refuses_an_impossible_length(int length)
    {
        using var control = new MemoryStream(BitConverter.GetBytes(length));
        using var status = new MemoryStream();
        Assert.Throws<InvalidDataException>(
            () => LibFuzzerLoop.Serve(control, status, null, _ => { }, ignoreExceptions: false));
    }

    [Fact]
    public void A_string_body_refuses_an_input_longer_than_its_buffer()
    {
        var inputs = new List<string>();
        var body = Fuzzer.Decode(inputs.Add, 3);
        body(new MemoryStream("abc"u8.ToArray()));
        Assert.Throws<InvalidOperationException>(() => body(new MemoryStream("abcd"u8.ToArray())));
        Assert.Equal(["abc"], inputs);
    }

    [Theory]
    [InlineData("1,5", 1, 5, null)]
    [InlineData("(18446744073709551615, 3, 40)", ulong.MaxValue, 3, 40)]
    public void A_replay_is_two_seeds_and_perhaps_a_size(string text, ulong seed, ulong gamma, int? size)
    {
        var replay = PropertySettings.ParseReplay(text);
        Assert.Equal((seed, gamma), (replay.Rnd.Seed, replay.Rnd.Gamma));
        Assert.Equal(size, replay.Size?.Value);
    }

    [Fact]
    public async Task A_replay_that_is_none_fails_the_test() => Assert.Contains(
        "\"nonsense\"", await PropertyProbe.FailAsync<PropertySamples>(nameof(PropertySamples.Misspelled)));

    [Fact]
    public async Task An_endless_property_fails_when_its_time_is_over() => Assert.Contains(
        "TestTimeoutException", await PropertyProbe.FailAsync<PropertySamples>(nameof(PropertySamples.Endless)));

    private static IEnumerable<int> Words(MemoryStream written) =>
        written.ToArray().Chunk(sizeof(int)).Select(word => BitConverter.ToInt32(word));
}
