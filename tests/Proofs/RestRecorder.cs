using Fuzz.Execution;
using Fuzz.Programs;
using Interleave;

namespace Tests.Proofs;

/// <summary>An engine that hands its state to somebody whenever the lanes of a program have come to
/// rest.</summary>
internal sealed class RestRecorder : IEngine
{
    private readonly IEngine engine;

    [NotState("whoever looks on")]
    private readonly Action atRest;

    public RestRecorder(IEngine engine, Action atRest)
    {
        this.engine = engine;
        this.atRest = atRest;
    }

    public Language Language => engine.Language;

    public Machine Machine => engine.Machine;

    public Verdict Verdict => engine.Verdict;

    public void Reset(int[] shape) => engine.Reset(shape);

    public Flow<bool> Run(Cpu cpu, Call call) => engine.Run(cpu, call);

    public Flow TearDown(Cpu cpu) => engine.TearDown(cpu);

    public bool AfterStep(Cpu cpu, Point point) => engine.AfterStep(cpu, point);

    public void AfterAlone(Call call, bool effective) => engine.AfterAlone(call, effective);

    public void AfterKnown() => engine.AfterKnown();

    public void AtRest()
    {
        engine.AtRest();
        if (Machine.Steps > 0)
        {
            atRest();
        }
    }

    public void AtEnd() => engine.AtEnd();
}
