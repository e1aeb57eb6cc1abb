using Fuzz.Execution;
using Fuzz.Oracles;
using Fuzz.Programs;
using Interleave;
using Mm.State;

namespace Conformance;

/// <summary>The engine as one of the sides: one call at a time, alone, with all laws judged after each.</summary>
/// <remarks>It can stand for a kernel, too: with a variant, for one that has a defect.</remarks>
/// <param name="judged">Whether its laws are looked at: not where it stands for a kernel that breaks them.</param>
/// <param name="variants">Names of variants.</param>
public sealed class EngineSide(bool judged, params IEnumerable<string> variants) : IKernelSide
{
    /// <summary>Steps of a call that is taken to run for ever; more where each page stands for more.</summary>
    private const int StepsMax = 20_000;

    private readonly MmEngine engine = new(variants);
    private readonly KsmScan ksmd = new();
    private Call call;
    private bool effective;
    private int times;
    private int messagesSeen;
    private Doubts doubts;

    /// <summary>What a call of this side stands for, see <see cref="MmEngine.Stretch"/>.</summary>
    public CallPlan? Plan(Call next) => CallMapping.Plan(Kernel, next, engine.Stretch);

    /// <summary>The engine's state.</summary>
    public Kernel Kernel => engine.Kernel;

    /// <summary>What the engine's own laws say: empty as long as it is sound.</summary>
    public IReadOnlyList<Violation> Broken => engine.Verdict.Violations;

    /// <inheritdoc />
    public void Reset(int[] shape)
    {
        engine.Stretch = Stretch.Of(shape);
        engine.Slots = Stretch.Slots(shape);
        engine.Machine.StepsMax = StepsMax << engine.Stretch;
        engine.Verdict.Reset();
        engine.Machine.Reset(1);
        engine.Reset(shape);
        ksmd.Reset();
        messagesSeen = 0;
        doubts = Doubts.None;
    }

    /// <summary>Makes a call that was planned on this engine, and then drains all batches.</summary>
    /// <returns>Null when the call waits for something that nobody can bring, or breaks a law.</returns>
    public Reaction? Run(CallPlan plan)
    {
        call = plan.Call;
        times = plan.Row.Times;
        if (!engine.Machine.RunSolo(RunCall) || !Judge(() => engine.AfterAlone(call, effective))
            || !engine.Machine.RunSolo(Drain) || !Judge(engine.AtRest))
        {
            return null;
        }

        ksmd.Follow(Kernel);
        bool merges = plan.Row.Call == MmCall.Merge;
        bool touches = merges || plan.Row.Call is MmCall.PinWrite
            || (plan.Row.Call is MmCall.Mlock or MmCall.Writable && Kernel.HasHugePmds);
        doubts |= touches ? Doubts.Active : Doubts.None;
        doubts |= HasNeighbours() ? Doubts.AnonVmas : Doubts.None;
        View view = EngineView.Of(Kernel, messagesSeen, doubts);
        messagesSeen += view.Messages.Count;
        return new Reaction(plan.Answer(Kernel, effective), view);
    }

    /// <inheritdoc />
    public Reaction Run(CallPlan plan, Kernel engine)
    {
        const string Stuck = "stuck";
        return Plan(plan.Call) is { } own
            ? Run(own) ?? new Reaction(Stuck, EngineView.Of(Kernel))
            : new Reaction(null, EngineView.Of(Kernel));
    }

    /// <inheritdoc />
    public void Dispose()
    {
    }

    private bool Judge(Action look)
    {
        if (judged)
        {
            look();
        }
        else
        {
            engine.AfterKnown();
        }

        return !judged || !engine.Verdict.Any;
    }

    /// <summary>Whether there are VMAs side by side that anon_vma_compatible (mm/vma.c, v6.18) takes for one.</summary>
    private bool HasNeighbours() => Kernel.Mms.Any(mm => mm.Vmas.Exists(vma => mm.Vmas.Exists(
        next => next.Start == vma.End && next.File == vma.File && next.Shared == vma.Shared
            && next.LinearIndex(next.Start) == vma.LinearIndex(vma.End)
            && ((next.Flags ^ vma.Flags) & ~VmaFlag.Write) == VmaFlag.None)));

    private async Flow RunCall(Cpu cpu)
    {
        if ((MmCall)call.Kind == MmCall.Merge)
        {
            effective = await ksmd.Run(cpu, engine, call);
            return;
        }

        effective = false;
        for (int i = 0; i < times; i++)
        {
            effective |= await engine.Run(cpu, call);
        }
    }

    private async Flow Drain(Cpu cpu) => await Kernel.R.Lru.DrainAll(cpu);
}
