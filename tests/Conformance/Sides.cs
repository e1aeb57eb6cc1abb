using Conformance;
using Fuzz.Programs;
using Generators;
using Interleave;
using Xunit;

namespace Tests.Conformance;

/// <summary>Two engines, one of which stands for the kernel.</summary>
internal static class Sides
{
    /// <summary>A conformer whose kernel is the engine with these variants.</summary>
    public static Conformer With(params string[] variants) => new(
        new EngineSide(judged: true), new EngineSide(judged: false, variants), new Comparison(Release.Text));

    /// <summary>The program that a run would draw first from a seed.</summary>
    public static Program Draw(ulong seed, int calls = 30) =>
        new SequentialSource(call => CallMapping.Of(call).IsExpressible, calls).Fresh(new Rng(seed));

    /// <summary>What the engine shows after a program without lanes.</summary>
    public static Reaction After(string text)
    {
        Program program = ProgramText.Parse(MmLanguage.Instance, text);
        using EngineSide engine = new(judged: true);
        engine.Reset(program.Shape);
        Reaction? reaction = null;
        foreach (Call call in program.Setup)
        {
            CallPlan? plan = engine.Plan(call);
            Assert.NotNull(plan);
            reaction = engine.Run(plan);
            Assert.NotNull(reaction);
        }

        Assert.NotNull(reaction);
        return reaction;
    }
}
