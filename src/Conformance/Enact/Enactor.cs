using Conformance.Guest;
using Fuzz.Programs;
using Fuzz.Schedules;

namespace Conformance.Enact;

/// <summary>Takes a real kernel through an interleaving of the engine: each lane's process is bound to a virtual cpu of
/// its own, which is stopped where its turn ends.</summary>
/// <remarks>
/// Breakpoints are hardware ones of the emulator. While a lane has its turn the cpus of lanes that are in the middle of
/// their calls stand still, so whatever needs an answer from them (a TLB flush, a grace period of RCU) waits for ever:
/// that is told as a divergence. The agent has a cpu of its own, the last one.
/// </remarks>
public sealed class Enactor : IDisposable
{
    /// <summary>Where a process sends its answer, the call done.</summary>
    private const string AnswerSymbol = "__x64_sys_sendto";

    /// <summary>Where a process ends.</summary>
    private const string EndSymbol = "do_task_dead";

    private const int CollectMilliseconds = 3000;
    private const int AttemptsMax = 3;
    private static readonly TimeSpan TurnLimit = TimeSpan.FromSeconds(8);

    /// <summary>Who does not come anywhere in that time waits for somebody.</summary>
    private static readonly TimeSpan BlockedAfter = TimeSpan.FromSeconds(2);

    private readonly string folder = Directory.CreateTempSubdirectory("fuzz-enact-").FullName;
    private readonly KernelGuest guest;
    private readonly SortedDictionary<string, ulong?> symbols = new(StringComparer.Ordinal);
    private readonly int lanesMax;
    private readonly Release release;

    /// <summary>Boots a kernel.</summary>
    /// <param name="image">The kernel.</param>
    /// <param name="release">Its version, which says what can be compared.</param>
    /// <param name="lanesMax">The most lanes that a program may have.</param>
    /// <exception cref="GuestException">It does not boot.</exception>
    public Enactor(KernelImage image, Release release, int lanesMax)
    {
        this.lanesMax = lanesMax;
        this.release = release;
        try
        {
            // Interrupts and whatever else there is to do go to the agent's cpu: the others are going to stand still.
            guest = new KernelGuest(image, new GuestOptions
            {
                Cpus = lanesMax + 1, GdbSocket = GdbPath,
                CommandLine = $"irqaffinity={lanesMax} isolcpus=0-{lanesMax - 1}",
            });
        }
        catch
        {
            Directory.Delete(folder, recursive: true);
            throw;
        }
    }

    private string GdbPath => Path.Combine(folder, "gdb");

    /// <summary>Enacts a plan; when the kernel leaves it, once more on a fresh one, and again: on a busy machine the
    /// emulator loses a stop now and then.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="shape">The program's shape.</param>
    /// <exception cref="GuestException">The guest is gone, each time.</exception>
    public EnactResult Enact(EnactPlan plan, int[] shape)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                EnactResult result = Attempt(plan, shape);
                if (result.Outcome != EnactOutcome.Diverged || attempt == AttemptsMax)
                {
                    return result;
                }
            }
            catch (GuestException) when (attempt < AttemptsMax)
            {
                // The next attempt has another guest.
            }

            guest.Restart();
        }
    }

    private EnactResult Attempt(EnactPlan plan, int[] shape)
    {
        foreach (EnactTurn turn in plan.Turns)
        {
            if (turn.Turn.End == TurnEnd.Point && (turn.Place?.Symbol is not { } symbol || AddressOf(symbol) is null))
            {
                string why = turn.Place?.Symbol is { } missing
                    ? $"this kernel has no function {missing} (inlined?)" : "no function begins there";
                return new EnactResult(EnactOutcome.NotExpressible, $"'{turn.Turn}': {why}", [], null);
            }

            // Asked now: nothing can be while the guest stands still.
            foreach (string passed in turn.Path)
            {
                AddressOf(passed);
            }
        }

        ulong[] ends = [.. new[] { AnswerSymbol, EndSymbol }.Select(
            symbol => AddressOf(symbol) ?? throw new GuestException($"this kernel has no function {symbol}"))];
        SetUp(plan, shape);
        List<string> log = [];
        string? diverged;
        using (GdbStub gdb = new(GdbPath))
        {
            diverged = new Conductor(this, gdb, plan, ends, log).Run();
        }

        return diverged is null
            ? Finish(plan, shape, log) : new EnactResult(EnactOutcome.Diverged, diverged, log, null);
    }

    /// <summary>Turns that this kernel can be stopped after, as they are written in a schedule, each with the function
    /// that it is about to enter then.</summary>
    /// <param name="plan">A plan in which each lane runs to its end.</param>
    /// <exception cref="GuestException">The guest is gone.</exception>
    public IEnumerable<string> Places(EnactPlan plan)
    {
        HashSet<(int Cpu, string Point)> told = [];
        foreach ((int cpu, Interleave.Point point, KernelPlace place) in plan.Places)
        {
            if (told.Add((cpu, point.Name)) && place.Symbol is { } symbol && AddressOf(symbol) is not null)
            {
                yield return $"cpu{cpu} until {point.Name,-24} {symbol} ({place.Entry})";
            }
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        guest.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private ulong? AddressOf(string symbol)
    {
        if (!symbols.TryGetValue(symbol, out ulong? address))
        {
            address = guest.Send($"symbols {symbol}").Lines is [string line, ..] && line.Split(' ') is [_, string hex]
                ? Convert.ToUInt64(hex, 16) : null;
            symbols.Add(symbol, address);
        }

        return address;
    }

    /// <summary>The setup, and each process on its cpu: a process that is forked has never been on another one, so that
    /// nobody thinks that its translations have to be flushed there.</summary>
    private void SetUp(EnactPlan plan, int[] shape)
    {
        guest.Send($"cpu - {lanesMax}");
        guest.Send(GuestSide.ResetOperation(shape));
        Dictionary<string, int> cpus = plan.Lanes.ToDictionary(lane => $"{lane.Process}", lane => lane.Cpu);
        string First(string process) => $"{cpus.GetValueOrDefault(process, lanesMax)}";
        guest.Send($"cpu 0 {First("0")}");
        foreach (string operation in plan.Setup)
        {
            if (operation.Split(' ') is ["fork", string parent, string child])
            {
                guest.SendAll(
                    $"cpu {parent} {First(child)};{operation};cpu {child} {First(child)};cpu {parent} {First(parent)}");
            }
            else
            {
                guest.Send(operation);
            }
        }

        guest.Send("drain");
        guest.Send("dump");
        foreach (EnactLane lane in plan.Lanes)
        {
            // After a fork its own memory is write-protected: it copies that now and not in its turn.
            guest.Send($"munlock {lane.Process} 0 0");
        }
    }

    private EnactResult Finish(EnactPlan plan, int[] shape, List<string> log)
    {
        List<string> differences = [];
        foreach (EnactLane lane in plan.Lanes)
        {
            Reply reply = guest.Send($"collect {lane.Process} {CollectMilliseconds}");
            string answer = reply.Ok && !lane.Operation.StartsWith("read", StringComparison.Ordinal)
                ? Answers.Ok : reply.Result;
            log.Add($"cpu{lane.Cpu} {lane.Operation}: {reply.Result}");
            if (lane.Answer is { } expected && expected != answer)
            {
                differences.Add($"answer of cpu{lane.Cpu}: engine {expected}, kernel {answer}");
            }
        }

        guest.Send("drain");
        IEnumerable<string> dump = guest.Send("dump").Lines.Where(line => !IsAboutTime(line));
        View view = DumpView.Parse(dump, shape[MmLanguage.Mms], shape[MmLanguage.Pages]);
        Mismatch? mismatch = new Comparison(release).First(new Reaction(null, plan.End), new Reaction(null, view));
        if (mismatch is not null)
        {
            differences.Add(mismatch.ToString());
        }

        return new EnactResult(
            EnactOutcome.Enacted, differences.Count == 0 ? null : string.Join("; ", differences), log, view);
    }

    /// <summary>What a kernel says of cpus that were held up.</summary>
    private static bool IsAboutTime(string line) => line.StartsWith('K')
        && (line.Contains("hrtimer", StringComparison.Ordinal)
            || line.Contains("clocksource", StringComparison.Ordinal));

    /// <summary>Lets cpus go on and stops them, turn by turn.</summary>
    private sealed class Conductor(Enactor owner, GdbStub gdb, EnactPlan plan, ulong[] ends, List<string> log)
    {
        private readonly HashSet<int> begun = [];
        private readonly HashSet<int> done = [];

        /// <summary>Runs all turns; returns why not, or null.</summary>
        public string? Run()
        {
            for (int i = 0; i < plan.Turns.Count; i++)
            {
                EnactTurn turn = plan.Turns[i];
                if (Take(turn) is { } problem)
                {
                    Release();
                    return $"turn {i + 1} '{turn.Turn}': {problem}";
                }
            }

            Release();
            return null;
        }

        private string? Take(EnactTurn turn)
        {
            int cpu = turn.Turn.Cpu;
            Way way = new(turn, owner.AddressOf);
            ulong[] stops = [.. ends.Concat(way.Addresses).Distinct()];
            if (stops.Contains(gdb.Rip(cpu)))
            {
                // It stands at one of them already, and goes on to the next.
                way.Pass(gdb.Rip(cpu));
                gdb.Step(cpu);
            }

            SetAll(stops);
            Task<Reply>? start = null;
            gdb.Continue(Free(cpu));
            if (begun.Add(cpu))
            {
                start = Task.Run(() => owner.guest.Send($"start {Lane(cpu).Process} {WithoutProcess(Lane(cpu))}"));
            }

            string? problem = Wait(turn.Turn, stops, way);
            ClearAll(stops);
            if (start is not null)
            {
                gdb.Continue([owner.lanesMax]);
                start.GetAwaiter().GetResult();
                gdb.Interrupt();
            }

            return problem;
        }

        /// <summary>Until the turn's end; returns what came instead, or null. All cpus stand still then.</summary>
        private string? Wait(Turn turn, ulong[] stops, Way way)
        {
            long start = Environment.TickCount64;
            TimeSpan limit = turn.End == TurnEnd.Blocked ? BlockedAfter : TurnLimit;
            while (limit - TimeSpan.FromMilliseconds(Environment.TickCount64 - start) is { } patience
                && patience > TimeSpan.Zero && gdb.WaitForStop(patience) is { } stopped)
            {
                ulong rip = gdb.Rip(stopped);
                if (stopped == turn.Cpu && way.IsEnd(rip))
                {
                    return Came(turn, way, $"it is about to enter {way.End}");
                }

                if (stopped == turn.Cpu && ends.Contains(rip))
                {
                    done.Add(turn.Cpu);
                    return turn.End == TurnEnd.Done ? Came(turn, way, "its call has ended") : "its call has ended";
                }

                if (stopped == turn.Cpu)
                {
                    way.Pass(rip);
                }

                ClearAll(stops);
                gdb.Step(stopped);
                SetAll(stops);
                gdb.Continue(Free(turn.Cpu));
            }

            gdb.Interrupt();
            return turn.End == TurnEnd.Blocked
                ? Came(turn, way, "it waits")
                : $"nothing within {limit.TotalSeconds:0} s: cpu{turn.Cpu} waits at {gdb.Rip(turn.Cpu):x}";
        }

        /// <summary>The kernel has come to the end of the turn. Where that is the entry of a function, only if it came
        /// by the way of the engine is it the same place; a call's end is the same by any way.</summary>
        private string? Came(Turn turn, Way way, string where)
        {
            IReadOnlyList<string> missed = way.Missed;
            if (turn.End == TurnEnd.Point && missed.Count > 0)
            {
                return $"{where}, but has not been in {string.Join(", ", missed)}, where the engine was";
            }

            log.Add(
                $"{turn}: {where}; seen on its way in the engine's order: {way.Length - missed.Count} of {way.Length}"
                + (missed.Count > 0 ? $", not {string.Join(", ", missed)}" : ""));
            return null;
        }

        private EnactLane Lane(int cpu) => plan.Lanes[cpu];

        /// <summary>The cpus that may run in a turn: all but those whose lanes are in the middle of their
        /// calls.</summary>
        private IEnumerable<int> Free(int cpu) => Enumerable.Range(0, owner.lanesMax + 1)
            .Where(other => other == cpu || !begun.Contains(other) || done.Contains(other));

        private void Release()
        {
            ClearAll(ends);
            gdb.Continue(Enumerable.Range(0, owner.lanesMax + 1));
        }

        private void SetAll(ulong[] addresses) => Array.ForEach(addresses, gdb.SetBreakpoint);

        private void ClearAll(ulong[] addresses) => Array.ForEach(addresses, gdb.ClearBreakpoint);

        private static string WithoutProcess(EnactLane lane)
        {
            string[] words = lane.Operation.Split(' ', 3);
            return words.Length == 2 ? words[0] : $"{words[0]} {words[2]}";
        }
    }
}

/// <summary>How far a kernel went through an interleaving.</summary>
public enum EnactOutcome
{
    /// <summary>To its end.</summary>
    Enacted,

    /// <summary>It left it.</summary>
    Diverged,

    /// <summary>A turn ends where no function of the kernel begins.</summary>
    NotExpressible,
}

/// <summary>What came of enacting a plan.</summary>
/// <param name="Outcome">How far it went.</param>
/// <param name="Problem">Where it left it, why not, or what the kernel shows in the end that the engine does not; null
/// when all is as predicted.</param>
/// <param name="Log">What was done.</param>
/// <param name="End">What the kernel shows in the end; null when it was not enacted.</param>
public sealed record EnactResult(EnactOutcome Outcome, string? Problem, IReadOnlyList<string> Log, View? End);
