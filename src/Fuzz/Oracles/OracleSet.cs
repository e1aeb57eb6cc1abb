using System.Numerics;
using Fuzz.Execution;
using Interleave;
using Mm.State;

namespace Fuzz.Oracles;

/// <summary>All oracles over one kernel, judging what each step touched and reporting to one verdict.</summary>
/// <remarks>
/// The engine calls <see cref="Reset"/> with its own reset, <see cref="AfterStep"/> after each step of the concurrent part,
/// <see cref="AtRest"/> and <see cref="AtEnd"/>, and clears <see cref="Kernel.Touched"/> after each. Nothing is allocated
/// while all laws hold. Objects touched inside a critical section are kept until it is over.
/// </remarks>
public sealed class OracleSet
{
    private readonly Kernel kernel;
    private readonly Judge judge;
    private readonly Blame blame = new();
    private readonly FolioOracles folios;
    private readonly MmOracles mms;
    private readonly SlotOracles slots;
    private readonly AnonVmaOracles anonVmas;
    private readonly ConsoleOracle console = new();
    private readonly TruthReports truth = new();
    private readonly IWorldOracle[] rest =
    [
        new RestLocksOracle(), new RestReferencesOracle(), new RestLruOracle(), new RestSlotsOracle(),
        new AnonVmaTreeOracle(), new RestRmapOracle(), new RestContentOracle(),
    ];

    private readonly IWorldOracle[] end =
    [
        new ExitPinsOracle(), new ExitRssOracle(), new ExitSlotsOracle(), new ExitFoliosOracle(), new ExitAnonVmasOracle(),
    ];

    private ulong pendingFolios;
    private uint pendingMms;
    private uint pendingSlots;
    private int linesSeen;
    private int truthSeen;

    /// <summary>The oracles of one kernel.</summary>
    /// <param name="kernel">Whose state is judged.</param>
    /// <param name="verdict">Where broken laws are reported; the engine's.</param>
    public OracleSet(Kernel kernel, Verdict verdict)
    {
        this.kernel = kernel;
        judge = new Judge(kernel.Machine, verdict);
        folios = new FolioOracles(kernel, judge);
        mms = new MmOracles(kernel, judge);
        slots = new SlotOracles(kernel, judge);
        anonVmas = new AnonVmaOracles(kernel, judge);
        All =
        [
            .. folios.All, .. mms.All, .. slots.All, .. anonVmas.All, truth.Content, truth.Zap, truth.Device, .. rest,
            .. end, console,
        ];
    }

    /// <summary>Every oracle, in the order of judgement; one that judges several sorts of objects is there for each.</summary>
    public IReadOnlyList<IOracle> All { get; }

    /// <summary>Forgets what is pending, for a new execution.</summary>
    public void Reset()
    {
        pendingFolios = 0;
        pendingMms = 0;
        pendingSlots = 0;
        linesSeen = 0;
        truthSeen = 0;
    }

    /// <summary>Judges what one step of the concurrent part touched.</summary>
    /// <param name="cpu">Whose step it was.</param>
    /// <param name="point">The point at which it was parked before.</param>
    /// <returns>Whether nothing new was found.</returns>
    public bool AfterStep(Cpu cpu, Point point)
    {
        Touched touched = kernel.Touched;
        int told = judge.Told;
        if ((touched.Folios | touched.AnonVmas | touched.Mms | touched.Slots) != 0)
        {
            NoteTouched(touched, point.Id);
            CheckTouched(touched);
        }

        if ((pendingFolios | pendingMms | pendingSlots) != 0)
        {
            SettlePending(blamePoints: true);
        }

        if (kernel.Console.Count + kernel.TruthBroken.Count != linesSeen + truthSeen)
        {
            judge.BlamePoint(point.Id);
            TellLines();
        }

        return judge.Told == told;
    }

    /// <summary>Judges a state in which no call is in flight.</summary>
    public void AtRest()
    {
        SettlePending(blamePoints: true);
        Judge(Oracles.Judge.Rest, rest);
    }

    /// <summary>Judges the state after all processes are gone.</summary>
    public void AtEnd() => Judge(Oracles.Judge.End, end);

    private void Judge(string phase, IWorldOracle[] laws)
    {
        judge.BlamePhase(phase);
        pendingFolios = kernel.Touched.Folios;
        pendingMms = kernel.Touched.Mms;
        pendingSlots = kernel.Touched.Slots;
        CheckTouched(kernel.Touched);
        SettlePending(blamePoints: false);
        foreach (IWorldOracle law in laws)
        {
            law.Check(kernel, judge);
        }

        TellLines();
    }

    private void NoteTouched(Touched touched, ushort point)
    {
        judge.BlamePoint(point);
        blame.Note(touched, point);
        pendingFolios |= touched.Folios;
        pendingMms |= touched.Mms;
        pendingSlots |= touched.Slots;
    }

    private void CheckTouched(Touched touched)
    {
        for (ulong left = touched.Folios; left != 0; left &= left - 1)
        {
            folios.Check(kernel.Folios[BitOperations.TrailingZeroCount(left)]);
        }

        for (uint left = touched.Slots; left != 0; left &= left - 1)
        {
            slots.Check(BitOperations.TrailingZeroCount(left));
        }

        for (ulong left = touched.AnonVmas; left != 0; left &= left - 1)
        {
            anonVmas.Check(kernel.AnonVmas[BitOperations.TrailingZeroCount(left)]);
        }
    }

    private void SettlePending(bool blamePoints)
    {
        for (ulong left = pendingFolios; left != 0; left &= left - 1)
        {
            int pfn = BitOperations.TrailingZeroCount(left);
            Blaming(blamePoints, blame.Folios[pfn]);
            pendingFolios ^= folios.Settle(kernel.Folios[pfn]) ? 1UL << pfn : 0;
        }

        for (uint left = pendingMms; left != 0; left &= left - 1)
        {
            int mm = BitOperations.TrailingZeroCount(left);
            Blaming(blamePoints, blame.Mms[mm]);
            pendingMms ^= mms.Settle(kernel.Mms[mm]) ? 1u << mm : 0;
        }

        for (uint left = pendingSlots; left != 0; left &= left - 1)
        {
            int slot = BitOperations.TrailingZeroCount(left);
            Blaming(blamePoints, blame.Slots[slot]);
            pendingSlots ^= slots.Settle(slot) ? 1u << slot : 0;
        }
    }

    private void Blaming(bool points, ushort point)
    {
        if (points)
        {
            judge.BlamePoint(point);
        }
    }

    private void TellLines()
    {
        for (; truthSeen < kernel.TruthBroken.Count; truthSeen++)
        {
            truth.Tell(kernel.TruthBroken[truthSeen], judge);
        }

        for (; linesSeen < kernel.Console.Count; linesSeen++)
        {
            console.Tell(kernel.Console[linesSeen], judge);
        }
    }
}
