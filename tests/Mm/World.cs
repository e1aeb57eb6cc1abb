using Fuzz.Execution;
using Fuzz.Programs;
using Interleave;
using Mm.State;
using Tests.Toys;
using Xunit;

namespace Tests.Mm;

/// <summary>The kernel after a setup, before anything concurrent: what sequential facts are read from.</summary>
internal sealed class World
{
    private readonly MmEngine engine;
    private readonly List<bool> effective = [];

    private World(Program program, string[] variants)
    {
        engine = new MmEngine(variants);
        engine.Verdict.Reset();
        engine.Machine.Reset(1);
        engine.Reset(program.Shape);
        foreach (Call call in program.Setup)
        {
            Assert.True(engine.Machine.RunSolo(Run), $"{ProgramText.Print(program.Language, call)} did not end");
            engine.AtRest();
            Assert.Empty(engine.Verdict.Violations);

            async Flow Run(Cpu cpu) => effective.Add(await engine.Run(cpu, call));
        }
    }

    public Kernel Kernel => engine.Kernel;

    public SwapDevice Swap => Kernel.Swap;

    /// <summary>Whether each call of the setup found something to do.</summary>
    public IReadOnlyList<bool> Effective => effective;

    /// <summary>Frames that are not in the allocator.</summary>
    public int FoliosInUse => Kernel.Folios.Count(folio => !folio.Free);

    /// <summary>anon_vmas that are not in their slab.</summary>
    public int AnonVmasInUse => Kernel.AnonVmas.Count(anonVma => !anonVma.Freed);

    /// <summary>Runs a setup alone, call by call; all laws are judged after each, and at the end of the
    /// world.</summary>
    public static World After(string text, params string[] variants)
    {
        Program program = ProgramText.Parse(MmLanguage.Instance, text);
        Assert.Empty(program.Cpus);
        MmEngine whole = new(variants);
        Assert.True(
            new Executor(whole).Run(program, new FixedOrder()),
            string.Join('\n', whole.Verdict.Violations.Select(v => $"{v.Signature}: {v.Detail}")));
        return new World(program, variants);
    }

    public MmStruct Mm(int number) => Kernel.Mms[number];

    public Pte Pte(int mm, int page) => Kernel.Mms[mm].Entry(page);

    /// <summary>The folio that a page maps.</summary>
    public Folio Folio(int mm, int page)
    {
        Assert.Equal(PteKind.Present, Pte(mm, page).Kind);
        return Kernel.FolioOf(Pte(mm, page));
    }
}
