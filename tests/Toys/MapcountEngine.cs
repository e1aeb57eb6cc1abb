using Fuzz.Execution;
using Fuzz.Programs;
using Interleave;

namespace Tests.Toys;

/// <summary>W1 of PEERS.md as an engine: faults and zaps of a page by several processes.</summary>
/// <remarks>With the defect, a fault counts its mapping after it has given the lock back, so that the first mapper's
/// reset of the counter may wipe out the second one's. <c>oops</c> breaks another law when a zap is in
/// flight.</remarks>
internal sealed class MapcountEngine : IEngine
{
    public static readonly Signature MapcountWrong = new("mapcount", "differs from the page tables", "zap");
    public static readonly Signature Oops = new("oops", "met a zap", "oops");

    private const int PagesMax = 3;
    private static readonly PointTable Points = new();
    private static readonly Point TakeLock = Points.Add("FaultTakeLock", "fault", Access.Acquire);
    private static readonly Point ReadAnon = Points.Add("FaultReadAnon", "fault", Access.Read);
    private static readonly Point WriteAnon = Points.Add("FaultWriteAnon", "fault", Access.Write);
    private static readonly Point GiveLock = Points.Add("FaultGiveLock", "fault", Access.Release);
    private static readonly Point AddMapcount = Points.Add("FaultAddMapcount", "fault", Access.Rmw);
    private static readonly Point ClearPte = Points.Add("ZapClearPte", "zap", Access.Write);
    private static readonly Point DropMapcount = Points.Add("ZapDropMapcount", "zap", Access.Rmw);
    private static readonly Point LookAround = Points.Add("OopsLookAround", "oops", Access.Read);
    private readonly bool defect;
    private readonly Page[] pages = [.. Enumerable.Range(0, PagesMax).Select(i => new Page((ushort)i))];

    public MapcountEngine(bool defect)
    {
        this.defect = defect;
        Machine = new Machine(Points);
    }

    public static Language Mapcounts { get; } = new(
        "mapcounts",
        [new ShapeField("pages", 1, PagesMax, 1)],
        [
            new CallInfo("fault", "stage", "fault", "maps a page", new Parameter("page", "p", 0)),
            new CallInfo("zap", "stage", "zap", "unmaps a page", new Parameter("page", "p", 0)),
            new CallInfo("oops", "stage", "oops", "fails when it meets a zap", new Parameter("page", "p", 0)),
        ],
        cpusMax: 4,
        callsMax: 8);

    public Language Language => Mapcounts;

    public Machine Machine { get; }

    public Verdict Verdict { get; } = new();

    public void Reset(int[] shape)
    {
        foreach (Page page in pages)
        {
            page.Reset();
        }
    }

    public async Flow<bool> Run(Cpu cpu, Call call)
    {
        Page page = pages[call.A];
        switch (call.Kind)
        {
            case 0:
                return await Fault(cpu, page);
            case 1:
                return await Zap(cpu, page);
            default:
                await cpu.At(LookAround, page);
                if (page.Zaps > 0)
                {
                    Verdict.Add(new Violation(Oops, LawKind.Symptom, "", Machine.Steps - 1, null));
                }

                return true;
        }
    }

    public Flow TearDown(Cpu cpu) => Flow.Done;

    public bool AfterStep(Cpu cpu, Point point) => !Verdict.Any;

    public void AtRest()
    {
        foreach (Page page in pages)
        {
            if (page.Mapcount + 1 != page.Ptes)
            {
                string detail = $"{page.Name} counts {page.Mapcount + 1}, mapped {page.Ptes} times";
                Verdict.Add(new Violation(MapcountWrong, LawKind.Precursor, detail, Machine.Steps - 1, null));
            }
        }
    }

    public void AtEnd()
    {
    }

    private async Flow<bool> Fault(Cpu cpu, Page page)
    {
        await page.Guard.Acquire(cpu, TakeLock);
        await cpu.At(ReadAnon, page);
        bool had = page.Anon;
        await cpu.At(WriteAnon, page);
        page.Anon = true;
        if (!defect)
        {
            await cpu.At(AddMapcount, page);
            page.Map(had);
        }

        await cpu.At(GiveLock, page.Guard);
        page.Guard.Release(cpu);
        if (defect)
        {
            await cpu.At(AddMapcount, page);
            page.Map(had);
        }

        return true;
    }

    private static async Flow<bool> Zap(Cpu cpu, Page page)
    {
        await cpu.At(ClearPte, page);
        if (page.Ptes == 0)
        {
            return false;
        }

        page.Ptes--;
        page.Zaps++;
        await cpu.At(DropMapcount, page);
        page.Mapcount--;
        page.Zaps--;
        return true;
    }

    private sealed class Page(ushort id) : SharedObject(1, id)
    {
        public KernelSpinlock Guard { get; } = new(2, (ushort)(id + PagesMax), $"ptl {id}");

        public bool Anon { get; set; }

        public int Mapcount { get; set; }

        public int Ptes { get; set; }

        public int Zaps { get; set; }

        public override string Name => $"page {Id}";

        public void Map(bool again)
        {
            Mapcount = again ? Mapcount + 1 : 0;
            Ptes++;
        }

        public void Reset()
        {
            Guard.Reset();
            Anon = false;
            Mapcount = -1;
            Ptes = 0;
            Zaps = 0;
        }
    }
}
