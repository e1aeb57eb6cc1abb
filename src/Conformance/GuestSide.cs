using System.Text;
using Conformance.Guest;
using Fuzz.Programs;
using Mm.State;

namespace Conformance;

/// <summary>A real kernel in a guest, as one of the sides.</summary>
/// <param name="image">The kernel.</param>
/// <param name="options">How guests are run, or null for the defaults.</param>
public sealed class GuestSide(KernelImage image, GuestOptions? options = null) : IKernelSide
{
    /// <summary>Worlds that one guest is used for: poisoned frames never come back, and memory is small.</summary>
    private const int WorldsMax = 2000;

    /// <summary>A fault maps one page of a file, as in the engine, rather than all that are there around it.</summary>
    private const string NoFaultAround = "put /sys/kernel/debug/fault_around_bytes 4096";

    private const string Thp = "/sys/kernel/mm/transparent_hugepage";

    /// <summary>A THP with more zeroes than the engine allows is split by the shrinker, once it has been
    /// touched.</summary>
    private static readonly string Underused =
        $"put {Thp}/split_underused_thp 1;put {Thp}/khugepaged/max_ptes_none {Stretch.MaxPtesNone}";

    /// <summary>What a guest is told once.</summary>
    internal static string Settings { get; } = $"{NoFaultAround};{Underused}";

    private readonly List<Exchange> exchanges = [];
    private KernelGuest? guest;
    private GuestMemory? memory;
    private GuestProcesses? processes;
    private int worlds;
    private int[] world = [];

    /// <summary>What was asked since the world was built, and answered.</summary>
    public IReadOnlyList<Exchange> Exchanges => exchanges;

    /// <inheritdoc />
    public void Reset(int[] shape)
    {
        world = shape;
        exchanges.Clear();
        if (worlds++ == WorldsMax)
        {
            Dispose();
        }

        IReadOnlyList<Reply> replies = Send(ResetOperation(shape));
        if (replies is not [{ Ok: true }])
        {
            throw Lost($"reset was answered with '{(replies.Count > 0 ? replies[0].Result : "")}'", null);
        }

        try
        {
            processes!.Reset();
        }
        catch (GuestException error)
        {
            throw Lost(error.Message, error);
        }
    }

    /// <inheritdoc />
    public Reaction Run(CallPlan plan, Kernel engine)
    {
        string line = LineOf(plan, engine);
        IReadOnlyList<Reply> replies = Send(line);
        if (replies.Count < 2 + plan.Operations.Count)
        {
            throw Lost($"'{line}' was answered with {replies.Count} results", null);
        }

        try
        {
            if (plan.Row.Call is MmCall.Fork or MmCall.Exit)
            {
                processes!.Refresh(plan.Call.A);
            }

            exchanges.Add(new Exchange(line, replies));
            bool looksInside = world[MmLanguage.Thp] == 0;
            return ToReaction(plan, replies, world, looksInside ? new InsideView(memory!, processes!) : null);
        }
        catch (Exception error) when (error is FormatException or GuestException)
        {
            throw Lost($"'{line}': {error.Message}", error);
        }
    }

    /// <summary>What the agent is asked for a call.</summary>
    internal static string LineOf(CallPlan plan, Kernel engine)
    {
        StringBuilder line = new();
        foreach (string operation in plan.OperationsWithValue(engine))
        {
            line.Append(operation).Append(';');
        }

        return line.Append("drain;dump").ToString();
    }

    /// <summary>What its answers mean.</summary>
    /// <exception cref="FormatException">They are no answers to that.</exception>
    internal static Reaction ToReaction(
        CallPlan plan, IReadOnlyList<Reply> replies, int[] shape, InsideView? inside = null) => new(
        AnswerOf(plan, replies),
        DumpView.Parse(replies[^1].Lines, shape[MmLanguage.Mms], Stretch.Pages(shape), inside));

    /// <inheritdoc />
    public void Dispose()
    {
        memory?.Dispose();
        memory = null;
        guest?.Dispose();
        guest = null;
        worlds = 0;
    }

    /// <summary>The agent's operation that builds the fresh world of a shape.</summary>
    internal static string ResetOperation(int[] shape) =>
        $"reset pages={Stretch.Pages(shape)} files={shape[MmLanguage.Files]} "
        + $"filepages={shape[MmLanguage.FilePages]} "
        + $"filetype={(shape[MmLanguage.FileType] == 0 ? "shmem" : "disk")} "
        + $"slots={Stretch.Slots(shape)} thp={SizesOf((ThpPolicy)shape[MmLanguage.Thp])} "
        + $"async={1 - shape[MmLanguage.Device]} memcgs={shape[MmLanguage.Memcgs]}";

    /// <summary>Sizes in kB of the large folios that the engine's faults allocate.</summary>
    private static string SizesOf(ThpPolicy policy) => policy switch
    {
        ThpPolicy.Never => "never",
        ThpPolicy.Pmd => "2048",
        _ => "16,32,64,128,256,512,1024,2048",
    };

    /// <summary>The result of the last operation, or of the first that failed; of a success only a load's number
    /// means anything.</summary>
    private static string AnswerOf(CallPlan plan, IReadOnlyList<Reply> replies)
    {
        Reply told = replies.Take(plan.Operations.Count).FirstOrDefault(reply => !reply.Ok)
            ?? replies[plan.Operations.Count - 1];
        return plan.Row.Call != MmCall.Read && told.Ok ? Answers.Ok : told.Result;
    }

    private IReadOnlyList<Reply> Send(string operations)
    {
        try
        {
            if (guest is null)
            {
                guest = new KernelGuest(image, options);
                guest.SendAll(Settings);
                memory = new GuestMemory(guest);
                processes = new GuestProcesses(memory, guest);
            }

            return guest.SendAll(operations);
        }
        catch (GuestException error)
        {
            throw Lost(error.Message, error);
        }
    }

    /// <summary>The guest goes, so that the next world has a fresh one.</summary>
    private KernelLostException Lost(string what, Exception? cause)
    {
        Dispose();
        return new KernelLostException(what, cause);
    }
}
