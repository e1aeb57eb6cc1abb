using System.Numerics;
using Fuzz.Execution;
using Fuzz.Programs;
using Interleave;
using Mm.State;

namespace Fuzz.Oracles;

/// <summary>All oracles over one kernel, judging what each step touched and reporting to one verdict.</summary>
/// <remarks>
/// The engine calls <see cref="Reset"/> with its own reset, <see cref="AfterStep"/> after each step of the concurrent
/// part, <see cref="AtRest"/> and <see cref="AtEnd"/>, and clears <see cref="Kernel.Touched"/> after each. Nothing is
/// allocated while all laws hold. An object that breaks a law inside a critical section is judged again when it is
/// over.
/// </remarks>
public sealed class OracleSet
{
    private readonly Kernel kernel;
    private readonly Judge judge;
    private readonly Seen seen = new();
    private readonly FolioOracles folios;
    private readonly MmOracles mms;
    private readonly SlotOracles slots;
    private readonly FileOracles files;
    private readonly AnonVmaOracles anonVmas;
    private readonly QueueOracles queues;
    private readonly ConsoleOracle console = new();
    private readonly TruthReports truth = new();
    private readonly AloneOracle alone = new();
    private readonly IWorldOracle[] rest =
    [
        new RestLocksOracle(), new RestReferencesOracle(), new RestLruOracle(), new RestSlotsOracle(),
        new RestFilesOracle(), new AnonVmaTreeOracle(), new RestRmapOracle(), new RestContentOracle(),
        new RestMemcgOracle(), new RestKsmOracle(), new RestPoisonOracle(), new RestSplitQueueOracle(),
        new RestMlockOracle(), new RestResidentOracle(),
    ];

    private readonly IWorldOracle[] end =
    [
        new ExitPinsOracle(), new ExitRssOracle(), new ExitSlotsOracle(), new ExitFoliosOracle(),
        new ExitFilesOracle(), new ExitAnonVmasOracle(), new ExitMemcgOracle(), new ExitSplitQueueOracle(),
        new ExitVmasOracle(),
    ];

    private readonly BitSet pendingFolios = new(Kernel.FramesMin);
    private uint pendingMms;
    private readonly BitSet pendingSlots = new(Kernel.SlotsMin);
    private bool pendingQueues;
    private uint pendingFiles;
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
        files = new FileOracles(kernel, judge);
        anonVmas = new AnonVmaOracles(kernel, judge);
        queues = new QueueOracles(kernel, judge);
        All =
        [
            .. folios.All, .. mms.All, .. slots.All, .. files.All, .. anonVmas.All, .. queues.All, .. truth.All,
            alone, .. rest, .. end, console,
        ];
    }

    /// <summary>
    /// Every oracle, in the order of judgement; one that judges several sorts of objects is there for each.
    /// </summary>
    [field: NotState("they are reached otherwise")]
    public IReadOnlyList<IOracle> All { get; }

    /// <summary>Forgets what is pending, for a new execution.</summary>
    public void Reset()
    {
        pendingFolios.Grow(kernel.Folios.Length);
        pendingFolios.Clear();
        seen.Folios.Grow(kernel.Folios.Length);
        pendingMms = 0;
        pendingSlots.Grow(kernel.Swap.Slots);
        pendingSlots.Clear();
        pendingQueues = false;
        pendingFiles = 0;
        linesSeen = 0;
        truthSeen = 0;
        seen.Clear();
        folios.Reset();
        mms.Reset();
        slots.Reset();
        queues.Reset();
        files.Reset();
        alone.Reset(kernel);
    }

    /// <summary>Judges what one step of the concurrent part touched.</summary>
    /// <param name="cpu">Whose step it was.</param>
    /// <param name="point">The point at which it was parked before.</param>
    /// <returns>Whether nothing new was found.</returns>
    public bool AfterStep(Cpu cpu, Point point)
    {
        Touched touched = kernel.Touched;
        int told = judge.Told;
        judge.Point = point.Id;
        if (!touched.IsEmpty)
        {
            CheckTouched(touched);
        }

        if ((pendingMms | pendingFiles) != 0 || pendingQueues || !pendingFolios.IsEmpty || !pendingSlots.IsEmpty)
        {
            SettlePending();
        }

        if (kernel.Console.Count + kernel.TruthBroken.Count != linesSeen + truthSeen)
        {
            TellLines();
        }

        return judge.Told == told;
    }

    /// <summary>Judges a call that ran alone; the state at rest is judged already.</summary>
    public void AfterAlone(Call call, bool result)
    {
        judge.Phase = MmLanguage.Instance.Calls[call.Kind].Entry;
        judge.Point = 0;
        alone.Check(kernel, call, result, judge);
    }

    /// <summary>Notes what a call that ran alone has touched; the state after it was judged before.</summary>
    public void AfterKnown()
    {
        seen.Add(kernel.Touched);
        pendingFolios.Add(kernel.Touched.Folios);
        linesSeen = kernel.Console.Count;
        truthSeen = kernel.TruthBroken.Count;
    }

    /// <summary>Judges a state in which no call is in flight.</summary>
    public void AtRest() => JudgeAll(Judge.Rest, rest);

    /// <summary>Judges the state after all processes are gone.</summary>
    public void AtEnd() => JudgeAll(Judge.End, end);

    private void JudgeAll(string phase, IWorldOracle[] laws)
    {
        judge.Phase = phase;
        judge.Point = 0;
        CheckTouched(kernel.Touched);
        pendingMms = (1u << kernel.MmCount) - 1;
        pendingSlots.AddFirst(kernel.Swap.Slots);
        pendingFiles = kernel.Files.Used ? (1u << kernel.Files.Count) - 1 : 0;
        SettlePending();
        foreach (IWorldOracle law in laws)
        {
            law.Check(kernel, seen, judge);
        }

        TellLines();
    }

    private void CheckTouched(Touched touched)
    {
        seen.Add(touched);
        pendingFolios.Add(touched.Folios);
        pendingMms |= touched.Mms;
        pendingSlots.Add(touched.Slots);
        pendingQueues |= touched.Queues;
        pendingFiles |= touched.Files;
        foreach (int pfn in touched.Folios)
        {
            Folio folio = kernel.Folios[pfn];
            folios.Check(folio);
            int migrating = folio.TruthMigrationPtes + folio.Head.TruthMigrationPmds;
            if (migrating > 0 && migrating + folio.TruthPtes + folio.Head.TruthPmds > 1)
            {
                // Another process' entry of this page may have become a lie without being touched.
                pendingMms |= (1u << kernel.MmCount) - 1;
            }
        }

        foreach (int slot in touched.Slots)
        {
            slots.Check(slot);

            // What the entries and the cached folio say about this slot may have become a lie without being touched.
            pendingMms |= (1u << kernel.MmCount) - 1;
            if (kernel.Swap.Cached(slot) is { } cached)
            {
                pendingFolios.Add(cached.Pfn);
            }
        }

        for (ulong left = touched.AnonVmas; left != 0; left &= left - 1)
        {
            anonVmas.Check(kernel.AnonVmas[BitOperations.TrailingZeroCount(left)]);
        }
    }

    private void SettlePending()
    {
        foreach (int pfn in pendingFolios)
        {
            if (folios.Settle(kernel.Folios[pfn]))
            {
                pendingFolios.Remove(pfn);
            }
        }

        for (uint left = pendingMms; left != 0; left &= left - 1)
        {
            int mm = BitOperations.TrailingZeroCount(left);
            pendingMms ^= mms.Settle(kernel.Mms[mm]) ? 1u << mm : 0;
        }

        foreach (int slot in pendingSlots)
        {
            if (slots.Settle(slot))
            {
                pendingSlots.Remove(slot);
            }
        }

        for (uint left = pendingFiles; left != 0; left &= left - 1)
        {
            int file = BitOperations.TrailingZeroCount(left);
            pendingFiles ^= files.Settle(kernel.Files[file]) ? 1u << file : 0;
        }

        if (pendingQueues)
        {
            pendingQueues = !queues.Settle();
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
