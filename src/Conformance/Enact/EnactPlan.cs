using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;
using Interleave;

namespace Conformance.Enact;

/// <summary>What has to be done to a real kernel so that it goes through an interleaving of the engine, and what both
/// should show in the end.</summary>
/// <param name="Setup">Operations of the agent, one after the other.</param>
/// <param name="Lanes">What each lane does.</param>
/// <param name="Turns">Who runs when.</param>
/// <param name="End">What the engine shows when all lanes are done.</param>
public sealed record EnactPlan(
    IReadOnlyList<string> Setup, IReadOnlyList<EnactLane> Lanes, IReadOnlyList<EnactTurn> Turns, View End)
{
    /// <summary>UFFDIO_MOVE says that it has not moved what it has moved.</summary>
    internal const string MoveResult = "move-result";

    /// <summary>Laws about what anybody can see.</summary>
    private static readonly string[] Visible = ["content", "rest-mlock", MoveResult];

    /// <summary>The points that lanes come to, and where a kernel is then.</summary>
    public IReadOnlyList<(int Cpu, Point Point, KernelPlace Place)> Places { get; internal init; } = [];

    /// <summary>Laws that the engine breaks on the way: what is shown in the end is harm then.</summary>
    public IReadOnlyList<Violation> Broken { get; internal init; } = [];

    /// <summary>The worst of them: what is printed or read, or else the first. There is one.</summary>
    public Violation Worst => Broken.FirstOrDefault(violation => violation.Kind == LawKind.Symptom) ?? Broken[0];

    /// <summary>What the kernel prints of that, sooner or later; null when it prints nothing.</summary>
    public string? Message => Broken.FirstOrDefault(violation => violation.Message is not null)?.Message;

    /// <summary>Whether lanes wait for each other for ever in the end.</summary>
    public bool IsStuck { get; internal init; }

    /// <summary>Whether what is broken shows in what is compared: something is printed, a load returns what it should
    /// not, a folio is in a wrong state.</summary>
    public bool Shows => Message is not null || Broken.Any(violation => Visible.Contains(violation.Signature.Oracle));

    /// <summary>How that line of a real kernel's begins: what follows are addresses.</summary>
    public string? MessageStart => Message is null ? null : string.Join(' ', Message.Split(' ').TakeWhile(
        word => word != "the" && word[0] != '(' && !word.Any(char.IsDigit)));

    /// <summary>Plans a program with its schedule, by running it on the engine.</summary>
    /// <param name="program">The program.</param>
    /// <param name="schedule">Its schedule.</param>
    /// <param name="variants">What the engine runs as.</param>
    /// <param name="file">Named in errors.</param>
    /// <exception cref="InputException">It cannot be said to a kernel, and why; or the engine does not follow the
    /// schedule.</exception>
    public static EnactPlan Of(Program program, Schedule schedule, IEnumerable<string> variants, string file) =>
        new EnactPlanner(new MmEngine(variants), program, file).Plan(schedule);
}

/// <summary>What a lane does.</summary>
/// <param name="Cpu">The lane, and the virtual cpu.</param>
/// <param name="Calls">Its calls, in order.</param>
public sealed record EnactLane(int Cpu, IReadOnlyList<EnactCall> Calls)
{
    /// <summary>Threads that make the calls.</summary>
    public IEnumerable<string> Threads => Calls.Select(call => call.Thread).Distinct();
}

/// <summary>A call, or one of the operations that it takes.</summary>
/// <param name="Thread">Who makes it: process and number of the thread, as the agent has it; <c>-/N</c> for a call of
/// no process.</param>
/// <param name="Operation">The agent's operation.</param>
/// <param name="Answer">What the kernel should answer, or null for anything.</param>
public sealed record EnactCall(string Thread, string Operation, string? Answer)
{
    /// <summary>The operation without its process, as it is said to one that is named already.</summary>
    public string Started
    {
        get
        {
            string[] words = Operation.Split(' ', 3);
            return Thread.StartsWith('-') ? Operation : words.Length == 2 ? words[0] : $"{words[0]} {words[2]}";
        }
    }
}

/// <summary>A turn, and where its end is in a real kernel.</summary>
/// <param name="Turn">The turn, as the engine ran it.</param>
/// <param name="Place">Where the lane is to stop; null when it is to block, or to end.</param>
/// <param name="Path">Functions that the lane enters in this turn, in order, the place not included; not all that it
/// enters, as not all have points.</param>
public sealed record EnactTurn(Turn Turn, KernelPlace? Place, IReadOnlyList<string> Path)
{
    /// <summary>How many of these it has entered in calls that have ended.</summary>
    public int PathOfEnded { get; init; }
}

/// <summary>A place in a real kernel: a function is entered for the n-th time in a turn, or the lane is between two of
/// its calls.</summary>
/// <param name="Symbol">The function; null when no entry of a function is at the point.</param>
/// <param name="Entry">Which time, from 1.</param>
public sealed record KernelPlace(string? Symbol, int Entry)
{
    /// <summary>The lane is between two of its calls: how many have ended; null anywhere else.</summary>
    public int? CallsEnded { get; init; }

    /// <summary>Who calls the function, one of these; none where anybody may.</summary>
    public IReadOnlyList<string> Callers { get; init; } = [];

    /// <summary>When the lane is there.</summary>
    public PlaceStop Stop { get; init; }

    /// <summary>As it is printed.</summary>
    public override string ToString() => $"{Symbol} ({Entry})" + (Callers.Count == 0 ? "" : $" of {Callers[0]}")
        + (Stop == PlaceStop.Enters ? "" : $", {Stop}");
}
