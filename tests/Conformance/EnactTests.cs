using System.Text.RegularExpressions;
using Conformance;
using Conformance.Enact;
using Fuzz.Programs;
using Fuzz.Schedules;
using Interleave;
using Mm;
using Tests.Defects;
using Xunit;

namespace Tests.Conformance;

/// <summary>Goal: what is enacted on a kernel is the engine's interleaving. Method: plans of programs, without a
/// kernel; what a kernel makes of them is in corpus/enacted.</summary>
public class EnactTests
{
    private const string Migration = """
        shape    mms 2  pages 1
        setup    write mm0 p0
                 fork mm0 mm1
        cpu0     migrate mm0 p0
        cpu1     read mm1 p0

        """;

    public static TheoryData<string> Enacted => [.. Directory
        .GetFiles(Path.Combine(CorpusFolder.Root, "corpus", "enacted"), "*.program")
        .Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    [Fact]
    public void A_turn_ends_where_the_kernel_enters_the_function_of_the_point()
    {
        EnactPlan plan = Plan(
            Migration, "cpu0 until MigrateCopyData", "cpu1 until blocked", "cpu0 until done", "cpu1 until done");
        Assert.Equal(["write 0 0 1", "fork 0 1"], plan.Setup);
        Assert.Equal(["migrate 0 0 1 all", "read 1 0"], plan.Lanes.Select(lane => lane.Calls.Single().Operation));
        Assert.Equal("1", plan.Lanes[1].Calls[0].Answer);
        Assert.Equal(
            [new KernelPlace("folio_mc_copy", 1), null, null, null], plan.Turns.Select(turn => turn.Place));
        Assert.Equal(["folio_isolate_lru", "migrate_pages_batch"], plan.Turns[0].Path.Where(
            symbol => symbol is "folio_isolate_lru" or "migrate_pages_batch" or "folio_mc_copy"));
        Assert.Equal("folio_mc_copy", plan.Turns[2].Path[0]);
        Assert.All(plan.End.Pages, page => Assert.Equal(EntryKind.Present, page.Entry));
    }

    [Fact]
    public void A_point_in_the_middle_of_a_function_is_no_place()
    {
        EnactPlan plan = Plan(
            Migration, "cpu0 until MigrateClearPte", "cpu1 until done", "cpu0 until done");
        Assert.Null(plan.Turns[0].Place!.Symbol);
    }

    [Fact]
    public void The_same_function_is_counted_within_its_turn()
    {
        string elsewhere = Migration.Replace("pages 1", "pages 2", StringComparison.Ordinal)
            .Replace("read mm1 p0", "read mm1 p1", StringComparison.Ordinal);
        EnactPlan plan = Plan(
            elsewhere, "cpu0 until RmapAddMapcount#2", "cpu1 until blocked", "cpu0 until done", "cpu1 until done");
        Assert.Equal(new KernelPlace("folio_add_anon_rmap_ptes", 2), plan.Turns[0].Place);
    }

    [Theory]
    [InlineData("cpu0     read mm0 p0\ncpu1     compact 1\n", "works on lists of the whole machine")]
    [InlineData("cpu0     getpage mm0 p0\n", "the agent takes part in it")]
    [InlineData(
        "cpu0     read mm0 p0\ncpu1     read mm0 p0\ncpu2     read mm0 p0\ncpu3     read mm0 p0\n",
        "4 lanes with calls of its process")]
    [InlineData(
        "cpu0     swapoff\ncpu1     swapoff\ncpu2     drain\n", "3 lanes with calls of its process, or of none")]
    [InlineData("cpu0     reclaim 1\n", "works on lists of the whole machine")]
    public void What_cannot_be_said_to_a_kernel_is_refused_with_its_reason(string lanes, string reason)
    {
        InputException error = Assert.Throws<InputException>(() => Plan(
            "shape    mms 2  pages 4\nsetup    write mm0 p0\n         fork mm0 mm1\n" + lanes));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Lanes_of_one_process_have_threads_of_their_own_and_calls_of_no_process_the_agents()
    {
        EnactPlan plan = Plan(
            "shape    mms 2  pages 2\nsetup    write mm0 p0\n         fork mm0 mm1\n"
            + "cpu0     read mm1 p0\n         write mm0 p0\ncpu1     dontneed mm0 p0 1\ncpu2     swapoff\n");
        Assert.Equal(["1", "0"], plan.Lanes[0].Threads);
        Assert.Equal(["0/1"], plan.Lanes[1].Threads);
        Assert.Equal(["-/1"], plan.Lanes[2].Threads);
        Assert.Equal("madvise 0 1 dontneed", plan.Lanes[1].Calls[0].Started);
        Assert.Equal("swapoff", plan.Lanes[2].Calls[0].Started);
        Assert.StartsWith("write 0 ", plan.Lanes[0].Calls[1].Started, StringComparison.Ordinal);
    }

    [Fact]
    public void A_turn_can_end_between_two_calls_of_its_lane()
    {
        string twice = Migration.Replace(
            "read mm1 p0", "read mm1 p0\n         read mm1 p0", StringComparison.Ordinal);
        EnactPlan plan = Plan(twice, "cpu1 until UserLoad#2", "cpu0 until Mmput", "cpu1 until done", "cpu0 until done");
        Assert.Equal([1, 1, null, null], plan.Turns.Select(turn => turn.Place?.CallsEnded));
    }

    [Fact]
    public void A_world_that_no_guest_has_is_refused()
    {
        InputException error = Assert.Throws<InputException>(() => Plan(
            Migration.Replace("pages 1", "pages 4  thp pmd  memcgs 2", StringComparison.Ordinal)));
        Assert.Contains("no guest has a world of that shape", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Large_folios_have_the_size_of_hardware()
    {
        EnactPlan plan = Plan("shape    mms 1  pages 4  device sync  thp pmd\ncpu0     write mm0 p1\n");
        Assert.StartsWith("write 0 128 ", plan.Lanes[0].Calls[0].Operation, StringComparison.Ordinal);
        Assert.Equal(512, plan.End.Pages.Count(page => page.Entry == EntryKind.Present));
    }

    [Fact]
    public void Registers_are_where_the_emulator_puts_them()
    {
        byte[] packet = new byte[CpuRegisters.Length];
        BitConverter.TryWriteBytes(packet.AsSpan(5 * 8), 5UL);
        BitConverter.TryWriteBytes(packet.AsSpan(7 * 8), 7UL);
        BitConverter.TryWriteBytes(packet.AsSpan(16 * 8), 16UL);
        BitConverter.TryWriteBytes(packet.AsSpan(17 * 8), 0x202U);
        BitConverter.TryWriteBytes(packet.AsSpan(17 * 8 + 7 * 4 + 8), 99UL);
        Assert.Equal(new CpuRegisters(16, 7, 5, TakesInterrupts: true, 99), CpuRegisters.Parse(packet));
    }

    [Fact]
    public void A_schedule_that_the_engine_does_not_follow_is_refused()
    {
        InputException error = Assert.Throws<InputException>(() => Plan(Migration, "cpu1 until blocked"));
        Assert.Contains("the engine does not follow the schedule", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Enacted))]
    public void What_was_enacted_is_still_what_the_engine_does(string name)
    {
        string file = Path.Combine(CorpusFolder.Root, "corpus", "enacted", name);
        Points.DefineAll();
        TestCase testCase = TestCaseText.Parse(MmLanguage.Instance, File.ReadAllText(file), name, Points.Table);
        EnactPlan plan = EnactPlan.Of(testCase.Program, testCase.Schedule, Release.Text.Variants, name);
        Assert.DoesNotContain(plan.Turns, turn => turn.Place is { Symbol: null });
        string transcript = File.ReadAllText(Path.ChangeExtension(file, ".txt"));
        Assert.StartsWith($"corpus/enacted/{name} on 6.18.", transcript, StringComparison.Ordinal);
        Assert.Equal(plan.Shows, transcript.Contains(": enacted, as predicted: harm, ", StringComparison.Ordinal));
        if (plan.MessageStart is { } message)
        {
            Assert.Matches($"kernel: .*{Regex.Escape(message)}", transcript);
        }
        else if (transcript.Contains(": enacted, as predicted", StringComparison.Ordinal))
        {
            // What the kernel showed then is what the engine shows now.
            IEnumerable<string> now = ViewText.Print(new Reaction(null, plan.End));
            Assert.All(now, line => Assert.Contains(line, transcript, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_packet_of_gdb_has_its_checksum() => Assert.Equal("$OK#9a", GdbStub.Frame("OK"));

    [Theory]
    [InlineData("T05thread:p01.02;", 1)]
    [InlineData("T02thread:p01.01;", 0)]
    [InlineData("T05thread:p01.0b;watch:0;", 10)]
    [InlineData("S05", null)]
    [InlineData("OK", null)]
    public void A_stop_names_its_cpu(string told, int? cpu) => Assert.Equal(cpu, GdbStub.CpuOf(told));

    [Fact]
    public void A_way_is_followed_when_its_functions_are_entered_in_its_order()
    {
        Assert.Equal(["a", "b", "a"], Entered());
        Assert.Equal(["b", "a"], Entered(1));
        Assert.Equal(["b"], Entered(1, 1));
        Assert.Equal(["a"], Entered(2, 1));
        Assert.Empty(Entered(2, 1, 9, 2, 2, 1));
    }

    [Fact]
    public void A_turn_ends_at_the_entry_that_is_counted()
    {
        Way way = NewWay();
        Assert.Equal(3, way.Length);
        Assert.False(way.IsEnd(1, () => null));
        Assert.False(way.IsEnd(5, () => null));
        Assert.True(way.IsEnd(5, () => null));
    }

    [Fact]
    public void A_turn_ends_where_the_caller_of_the_place_comes_from()
    {
        SortedDictionary<string, ulong?> addresses = new(StringComparer.Ordinal) { ["e"] = 5 };
        EnactTurn turn = new(Turn.Until(0, "P"), new KernelPlace("e", 2) { Callers = ["inner", "outer"] }, []);
        Way way = new(turn, symbol => addresses.GetValueOrDefault(symbol));
        Assert.False(way.IsEnd(5, () => "outer"));
        Assert.False(way.IsEnd(5, () => "other"));
        Assert.True(way.IsEnd(5, () => "inner"));
    }

    [Fact]
    public void What_a_call_that_has_ended_went_through_does_not_matter_at_a_place()
    {
        SortedDictionary<string, ulong?> addresses = new(StringComparer.Ordinal) { ["a"] = 1, ["b"] = 2, ["e"] = 5 };
        EnactTurn turn = new(Turn.Until(0, "P"), new KernelPlace("e", 1), ["a", "b"]) { PathOfEnded = 1 };
        Way way = new(turn, symbol => addresses.GetValueOrDefault(symbol));
        Assert.Equal(["b"], way.MissedNow);
        way.Pass(2);
        Assert.Equal(["a"], way.Missed);
        Assert.Empty(way.MissedNow);
    }

    [Fact]
    public void Places_that_calls_tell_are_of_points_that_there_are()
    {
        Points.DefineAll();
        Assert.All(CalledPlaces.Points, name => Assert.NotNull(Points.Table.Find(name)));
        Assert.All(CalledPlaces.Points, name => Assert.True(
            CalledPlaces.Of(name)!.CountedBy is not { } counter || Points.Table.Find(counter) is not null));
    }

    [Fact]
    public void A_lock_is_taken_where_its_function_is_called_by_that_of_the_point()
    {
        EnactPlan plan = Plan(
            "shape    mms 1  pages 1\nsetup    write mm0 p0\n         pageout mm0 p0\n"
            + "cpu0     read mm0 p0\ncpu1     dontneed mm0 p0 1\n",
            "cpu0 until SwapinPtl", "cpu1 until done", "cpu0 until done");
        KernelPlace place = plan.Turns[0].Place!;
        Assert.Equal(("__pte_offset_map_lock", 1, "do_swap_page"), (place.Symbol, place.Entry, place.Callers[0]));
    }

    [Fact]
    public void A_law_that_is_broken_is_what_the_plan_leads_to()
    {
        const string Shared = "shape    mms 2  pages 1  slots 1  device sync\nsetup    write mm0 p0\n"
            + "         pageout mm0 p0\n         read mm0 p0\n         fork mm0 mm1\n";
        const string Calls = "dontneed mm0 p0 1\n         pageout mm1 p0\n         read mm1 p0\n";
        EnactPlan harmless = Plan($"{Shared}cpu0     {Calls}");
        Assert.Empty(harmless.Broken);
        Assert.Equal("1", harmless.Lanes[0].Calls[^1].Answer);
        EnactPlan harm = Plan($"{Shared}cpu0     free mm0 p0 1\n         {Calls}");
        Assert.Equal("content", harm.Worst.Signature.Oracle);
        Assert.True(harm.Shows);
        Assert.Null(harm.Message);
        Assert.Equal("0", harm.Lanes[0].Calls[^1].Answer);
    }

    [Fact]
    public void What_a_kernel_is_to_print_is_known()
    {
        EnactPlan plan = Plan(
            "shape    mms 1  pages 4  slots 1  device sync  thp pmd\nsetup    read mm0 p0\n"
            + "cpu0     dontneed mm0 p0 1\ncpu1     shrinkthp 1\n",
            "cpu0 until DeferredQueueLock", "cpu1 until ListInitPrev", "cpu0 until done", "cpu1 until done");
        Assert.Equal("list_del corruption", plan.MessageStart);
        Assert.Equal(PlaceStop.PointsToItself, plan.Turns[1].Place!.Stop);
        Assert.Equal(2, plan.Turns[1].Place!.Entry);
    }

    [Fact]
    public void Symbols_are_found_by_name_and_by_address()
    {
        KernelSymbols symbols = new(
            ["ffffffff81000000 T first", "ffffffff81000040 t second.isra.0", "ffffffff81000080 t second.cold",
                "ffffffff810000c0 t twice", "ffffffff81000100 t twice", "ffffffff82000000 D datum",
                "ffffffffc0000000 t first\t[module]"]);
        Assert.Equal(0xffffffff81000000, symbols.AddressOf("first"));
        Assert.Equal(0xffffffff81000040, symbols.AddressOf("second"));
        Assert.Equal(0xffffffff82000000, symbols.AddressOf("datum"));
        Assert.Null(symbols.AddressOf("twice"));
        Assert.Null(symbols.AddressOf("none"));
        Assert.Equal("first", symbols.FunctionAt(0xffffffff8100003f));
        Assert.Equal("second", symbols.FunctionAt(0xffffffff81000041));
        Assert.Null(symbols.FunctionAt(0xffffffff80000000));
        Assert.Null(symbols.FunctionAt(0x400000));
    }

    private static IReadOnlyList<string> Entered(params ulong[] addresses)
    {
        Way way = NewWay();
        Array.ForEach(addresses, way.Pass);
        return way.Missed;
    }

    private static Way NewWay()
    {
        SortedDictionary<string, ulong?> addresses = new(StringComparer.Ordinal) { ["a"] = 1, ["b"] = 2, ["e"] = 5 };
        EnactTurn turn = new(Turn.Until(0, "P"), new KernelPlace("e", 2), ["a", "inlined", "b", "a"]);
        return new Way(turn, symbol => addresses.GetValueOrDefault(symbol));
    }

    private static EnactPlan Plan(string program, params string[] turns)
    {
        Points.DefineAll();
        string schedule = turns.Length == 0 ? "" : $"schedule {string.Join("\n         ", turns)}\n";
        TestCase testCase = TestCaseText.Parse(MmLanguage.Instance, program + schedule, "test", Points.Table);
        return EnactPlan.Of(testCase.Program, testCase.Schedule, [], "test");
    }
}
