using Fuzz.Execution;
using Fuzz.Programs;
using Interleave;

namespace Tests.Programs;

/// <summary>A few cells with a lock each: everything that can happen to a schedule happens here in a few
/// steps.</summary>
internal sealed class ToyEngine : IEngine
{
    private const int CellsMax = 3;
    private const int StopsAt = 9;

    private static readonly PointTable Points = new();
    private static readonly Point Read = Points.Add("CellRead", "cell_add", Access.Read);
    private static readonly Point Write = Points.Add("CellWrite", "cell_add", Access.Write);
    private static readonly Point Bump = Points.Add("CellBump", "cell_bump", Access.Rmw);
    private static readonly Point TakeFirst = Points.Add("SwapTakeFirst", "cell_swap", Access.Acquire);
    private static readonly Point TakeSecond = Points.Add("SwapTakeSecond", "cell_swap", Access.Acquire);
    private static readonly Point Exchange = Points.Add("SwapExchange", "cell_swap", Access.Write);
    private static readonly Point Leak = Points.Add("LeakTake", "cell_leak", Access.Acquire);
    private static readonly Point End = Points.Add("EndTake", "cell_end", Access.Acquire);

    private readonly Cell[] cells;

    public ToyEngine()
    {
        Machine = new Machine(Points) { StepsMax = 60 };
        cells = Enumerable.Range(0, CellsMax).Select(i => new Cell((ushort)i)).ToArray();
    }

    /// <summary>Its language: <c>crash</c> throws, <c>leak</c> keeps a lock until the end of the world waits for
    /// it.</summary>
    public static Language Toy { get; } = new(
        "toy",
        [new ShapeField("cells", 1, CellsMax, 1), new ShapeField("mood", 2, 4, 3, ["calm", "busy", "wild"])],
        [
            new CallInfo("add", "stage", "cell_add", "adds one, racily", new Parameter("cell", "c", 0)),
            new CallInfo(
                "bump", "stage", "cell_bump", "adds one n times", new Parameter("cell", "c", 0),
                new Parameter("times", "", -1, 2, 5)),
            new CallInfo(
                "swap", "stage", "cell_swap", "swaps two cells", new Parameter("one", "c", 0),
                new Parameter("other", "c", 0)),
            new CallInfo("leak", "stage", "cell_leak", "keeps a lock", new Parameter("cell", "c", 0)),
            new CallInfo("crash", "stage", "cell_crash", "throws on odd cells", new Parameter("cell", "c", 0)),
            new CallInfo("rest", "stage", "", "does nothing"),
        ],
        cpusMax: 3,
        callsMax: 6);

    /// <summary>The points, for those who parse schedules.</summary>
    public static PointTable AllPoints => Points;

    public Language Language => Toy;

    public Machine Machine { get; }

    public Verdict Verdict { get; } = new();

    public void Reset(int[] shape)
    {
        foreach (Cell cell in cells)
        {
            cell.Value = 0;
            cell.Guard.Reset();
        }
    }

    public async Flow<bool> Run(Cpu cpu, Call call)
    {
        Cell cell = cells[call.A];
        switch (Toy.Calls[call.Kind].Name)
        {
            case "add":
                await cpu.At(Read, cell);
                int value = cell.Value;
                await cpu.At(Write, cell);
                cell.Value = value + 1;
                return true;
            case "bump":
                for (int i = 0; i < call.B; i++)
                {
                    await cpu.At(Bump, cell);
                    cell.Value++;
                }

                return true;
            case "swap":
                return await Swap(cpu, cell, cells[call.B]);
            case "leak":
                await cell.Guard.Acquire(cpu, Leak);
                return true;
            case "crash" when cell.Value % 2 == 1:
                throw new InvalidOperationException("the cell is odd");
            default:
                return false;
        }
    }

    public async Flow TearDown(Cpu cpu)
    {
        foreach (Cell cell in cells)
        {
            await cell.Guard.Acquire(cpu, End);
            cell.Guard.Release(cpu);
        }
    }

    public bool AfterStep(Cpu cpu, Point point)
    {
        if (cells.Sum(cell => cell.Value) < StopsAt)
        {
            return true;
        }

        Verdict.Add(new Violation(
            new Signature("sum", "too much", point.Function), LawKind.Precursor, "", Machine.Steps - 1, null));
        return false;
    }

    public void AtRest()
    {
    }

    public void AtEnd()
    {
    }

    private static async Flow<bool> Swap(Cpu cpu, Cell one, Cell other)
    {
        if (one == other)
        {
            return false;
        }

        await one.Guard.Acquire(cpu, TakeFirst);
        await other.Guard.Acquire(cpu, TakeSecond);
        await cpu.At(Exchange, one);
        (one.Value, other.Value) = (other.Value, one.Value);
        other.Guard.Release(cpu);
        one.Guard.Release(cpu);
        return true;
    }

    private sealed class Cell(ushort id) : SharedObject(1, id)
    {
        public int Value { get; set; }

        public KernelSpinlock Guard { get; } = new(2, (ushort)(id + CellsMax), $"guard {id}");

        public override string Name => $"cell {Id}";
    }
}
