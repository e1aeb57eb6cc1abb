using Conformance.Guest;
using Fuzz.Programs;
using Fuzz.Schedules;

namespace Conformance.Enact;

/// <summary>Takes a real kernel through an interleaving of the engine: each lane's process is bound to a virtual cpu of
/// its own, which is stopped where its turn ends.</summary>
/// <remarks>
/// Breakpoints are hardware ones of the emulator. While a lane has its turn those that are in the middle of their calls
/// are kept where they are, see <see cref="Holds"/>. The agent has a cpu of its own, the last one.
/// </remarks>
public sealed class Enactor : IDisposable
{
    private const int AttemptsMax = 3;
    private const int ComplaintsMax = 6;
    private const int StuckMilliseconds = 8000;

    private readonly string folder = Directory.CreateTempSubdirectory("fuzz-enact-").FullName;
    private readonly KernelGuest guest;
    private readonly KernelText text;
    private readonly int lanesMax;
    private readonly Release release;
    private bool isSpoiled;

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
                CommandLine = $"irqaffinity={lanesMax} isolcpus=0-{lanesMax - 1} preempt=full",
            });
            text = new KernelText(guest);
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
        if (WhyNot(plan) is { } why)
        {
            return new EnactResult(EnactOutcome.NotExpressible, why, [], null);
        }

        if (isSpoiled)
        {
            guest.Restart();
        }

        text.Prepare();
        isSpoiled = plan.Broken.Count > 0 || plan.IsStuck;
        SetUp(plan, shape);
        Conductor conductor;
        string? diverged;
        using (GdbStub gdb = new(GdbPath))
        {
            conductor = new Conductor(gdb, text, guest.SendAll, plan, lanesMax + 1);
            try
            {
                diverged = conductor.Run();
            }
            catch (GuestException)
            {
                conductor.Abandon();
                throw;
            }
        }

        if (plan.IsStuck)
        {
            return diverged is null ? FinishStuck(conductor)
                : new EnactResult(EnactOutcome.Diverged, diverged, conductor.Log, null);
        }

        if (plan.MessageStart is { } message)
        {
            return FinishBroken(conductor, message, diverged);
        }

        return diverged is null
            ? Finish(plan, shape, conductor) : new EnactResult(EnactOutcome.Diverged, diverged, conductor.Log, null);
    }

    /// <summary>Lanes that are to wait for each other for ever: whether they still do after a while in which nobody
    /// keeps them.</summary>
    private EnactResult FinishStuck(Conductor conductor)
    {
        List<string> log = [.. conductor.Log];
        string? problem = null;
        foreach (LaneState lane in conductor.Lanes.Where(lane => lane.IsRunning))
        {
            string answer = guest.Send($"collect {lane.Call.Thread} {StuckMilliseconds}").Result;
            log.Add($"cpu{lane.Plan.Cpu} {lane.Call.Operation}: {answer} after {StuckMilliseconds / 1000} s");
            problem ??= answer == "busy" ? null : $"cpu{lane.Plan.Cpu} does not wait: {answer}";
        }

        return new EnactResult(EnactOutcome.Enacted, problem, log, null);
    }

    /// <summary>A kernel that is to complain: whether it does, on the way or when its processes end. What it shows
    /// besides is nothing to go by then.</summary>
    private EnactResult FinishBroken(Conductor conductor, string message, string? diverged)
    {
        List<string> log = [.. conductor.Log];
        try
        {
            if (!guest.Console.Contains(message, StringComparison.Ordinal))
            {
                guest.Send("reset");
                log.Add("all processes end");
            }
        }
        catch (GuestException)
        {
            log.Add("the kernel does not answer any more");
        }

        string[] said = [.. guest.Console.Split('\n').Where(line => line.Contains(message, StringComparison.Ordinal)
            || Emulator.IsComplaint(line)).Take(ComplaintsMax)];
        log.AddRange(said.Select(line => $"kernel: {line}"));
        return said.Any(line => line.Contains(message, StringComparison.Ordinal))
            ? new EnactResult(EnactOutcome.Enacted, null, log, null)
            : diverged is not null ? new EnactResult(EnactOutcome.Diverged, diverged, log, null)
            : new EnactResult(EnactOutcome.Enacted, $"the kernel does not say '{message}'", log, null);
    }

    private bool Has(KernelPlace place) => place.Symbol is { } symbol && text.AddressOf(symbol) is not null
        && (place.Callers.Count == 0 || place.Callers.Any(caller => text.AddressOf(caller) is not null));

    /// <summary>Turns that this kernel can be stopped after, as they are written in a schedule, each with the function
    /// that it is about to enter then.</summary>
    /// <param name="plan">A plan in which each lane runs to its end.</param>
    /// <exception cref="GuestException">The guest is gone.</exception>
    public IEnumerable<string> Places(EnactPlan plan)
    {
        HashSet<(int Cpu, string Point)> told = [];
        foreach ((int cpu, Interleave.Point point, KernelPlace place) in plan.Places)
        {
            if (told.Add((cpu, point.Name)) && Has(place))
            {
                yield return $"cpu{cpu} until {point.Name,-24} {place}";
            }
        }
    }

    /// <summary>Why this kernel cannot be taken through a plan: a turn ends where it cannot be stopped; null when it
    /// can.</summary>
    /// <param name="plan">The plan.</param>
    /// <exception cref="GuestException">The guest is gone.</exception>
    public string? WhyNot(EnactPlan plan)
    {
        EnactTurn? turn = plan.Turns.FirstOrDefault(turn => turn.Turn.End == TurnEnd.Point
            && turn.Place is { CallsEnded: null } place && !Has(place));
        return turn is null ? null : turn.Place!.Symbol is { } missing
            ? $"'{turn.Turn}': this kernel has no function {missing} (inlined?)"
            : $"'{turn.Turn}': no function begins there, or is called";
    }

    /// <summary>Which points of a plan's lanes this kernel can be stopped at.</summary>
    /// <param name="plan">The plan.</param>
    /// <exception cref="GuestException">The guest is gone.</exception>
    public IEnumerable<(string Point, bool HasPlace)> PointsOf(EnactPlan plan) => plan.Places.Select(
        place => (place.Point.Name, place.Place.CallsEnded is not null || Has(place.Place)));

    /// <inheritdoc />
    public void Dispose()
    {
        guest.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>The setup, and each process on its cpu: a process that is forked has never been on another one, so that
    /// nobody thinks that its translations have to be flushed there.</summary>
    private void SetUp(EnactPlan plan, int[] shape)
    {
        guest.SendAll($"cpu - {lanesMax};{GuestSide.Settings}");
        guest.Send(GuestSide.ResetOperation(shape));
        Dictionary<string, int> cpus = [];
        foreach (EnactLane lane in plan.Lanes)
        {
            lane.Threads.ToList().ForEach(thread => cpus.Add(thread, lane.Cpu));
        }

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
        foreach ((string thread, int cpu) in cpus)
        {
            // After a fork its own memory is write-protected: it copies that now and not in its turn. A process that is
            // yet to be forked is bound to its cpu by that.
            string touch = thread.StartsWith('-') ? "" : $";start {thread} munlock 0 0;collect {thread} 1000";
            guest.SendAll($"cpu {thread} {cpu}{touch}");
        }

        foreach (EnactCall move in plan.Lanes.SelectMany(lane => lane.Calls))
        {
            // To register it takes locks that a lane may hold.
            if (move.Operation.Split(' ') is ["uffdmove", string process, _, string to, string count])
            {
                guest.Send($"uffdready {process} {to} {count}");
            }
        }
    }

    private EnactResult Finish(EnactPlan plan, int[] shape, Conductor conductor)
    {
        List<string> log = [.. conductor.Log];
        List<string> differences = [];
        conductor.CollectAll();
        foreach (LaneState lane in conductor.Lanes)
        {
            foreach ((EnactCall call, string? answer) in lane.Plan.Calls.Zip(lane.Answers))
            {
                string told = new Reply(answer ?? "none", []).Ok
                    && !call.Operation.StartsWith("read", StringComparison.Ordinal) ? Answers.Ok : answer ?? "none";
                log.Add($"cpu{lane.Plan.Cpu} {call.Operation}: {answer}");
                if (call.Answer is { } expected && expected != told)
                {
                    differences.Add(
                        $"answer of cpu{lane.Plan.Cpu} to '{call.Operation}': engine {expected}, kernel {told}");
                }
            }
        }

        guest.Send("drain");
        IEnumerable<string> dump = guest.Send("dump").Lines.Where(line => !IsAboutTime(line));
        View view = DumpView.Parse(dump, shape[MmLanguage.Mms], Stretch.Pages(shape));
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
