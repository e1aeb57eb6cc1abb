using Interleave;

namespace Tests.Bench.MapcountReset;

/// <summary>W1 as routines on the machine: how the engines of this house are written.</summary>
internal sealed class FlowModel : IStepCheck
{
    private readonly PointTable points = new();
    private readonly KernelSpinlock pageLock = new(0, 0, "ptl");
    private readonly Word anonVma = new(1, 1, "anon_vma");
    private readonly Word mapcountWord = new(2, 2, "mapcount");
    private readonly Word[] ptes;
    private readonly int rounds;
    private readonly Func<Cpu, Flow> body;
    private readonly Point takeLock;
    private readonly Point readAnon;
    private readonly Point writeAnon;
    private readonly Point addMapcount;
    private readonly Point giveLock;
    private readonly Point readPte;
    private readonly Point clearPte;
    private readonly Point dropMapcount;
    private bool anon;
    private int mapcount;
    private uint present;
    private int inFlight;
    private bool broken;

    /// <summary>The model.</summary>
    /// <param name="nested">Whether each fault and each zap is a routine of its own, awaited by the lane's.</param>
    /// <param name="lanes">Lanes.</param>
    /// <param name="rounds">Rounds of each.</param>
    public FlowModel(bool nested, int lanes = W1.Lanes, int rounds = W1.Rounds)
    {
        this.rounds = rounds;
        ptes = new Word[lanes];
        takeLock = points.Add("FaultTakeLock", "do_anonymous_page", Access.Acquire);
        readAnon = points.Add("FaultReadAnon", "do_anonymous_page", Access.Read);
        writeAnon = points.Add("FaultWriteAnon", "do_anonymous_page", Access.Write);
        addMapcount = points.Add("FaultAddMapcount", "do_anonymous_page", Access.Rmw);
        giveLock = points.Add("FaultGiveLock", "do_anonymous_page", Access.Release);
        readPte = points.Add("ZapReadPte", "zap_pte_range", Access.Read);
        clearPte = points.Add("ZapClearPte", "zap_pte_range", Access.Write);
        dropMapcount = points.Add("ZapDropMapcount", "zap_pte_range", Access.Rmw);
        for (int i = 0; i < ptes.Length; i++)
        {
            ptes[i] = new Word(3, (ushort)(3 + i), $"pte{i}");
        }

        Machine = new Machine(points);
        body = nested ? Lane : LaneAtOnce;
    }

    public Machine Machine { get; }

    /// <summary>Runs once; returns the number of steps, or -1 when a law was broken.</summary>
    public int Execute(IScheduler scheduler, bool withCheck)
    {
        pageLock.Reset();
        anon = false;
        mapcount = -1;
        present = 0;
        inFlight = 0;
        broken = false;
        Machine.Reset(ptes.Length);
        for (int i = 0; i < ptes.Length; i++)
        {
            Machine.SetBody(i, body);
        }

        Ending ending = Machine.Run(scheduler, withCheck ? this : null);
        return ending == Ending.Completed && !broken && mapcount == -1 ? Machine.Steps : -1;
    }

    /// <summary>Judges nothing: it only pays for the call that an engine's oracles are made through.</summary>
    public bool AfterStep(Cpu cpu, Point point) => !broken;

    private async Flow Lane(Cpu cpu)
    {
        for (int round = 0; round < rounds; round++)
        {
            await Fault(cpu);
            await Zap(cpu);
        }
    }

    /// <summary>The same lane without routines inside, as the flat switch has none.</summary>
    private async Flow LaneAtOnce(Cpu cpu)
    {
        for (int round = 0; round < rounds; round++)
        {
            await pageLock.Acquire(cpu, takeLock);
            inFlight++;
            await cpu.At(readAnon, anonVma);
            bool had = anon;
            await cpu.At(writeAnon, anonVma);
            anon |= !had;
            await cpu.At(addMapcount, mapcountWord);
            mapcount = had ? mapcount + 1 : 0;
            present |= 1u << cpu.Index;
            await cpu.At(giveLock, pageLock);
            pageLock.Release(cpu);
            EndCall();
            await cpu.At(readPte, ptes[cpu.Index]);
            inFlight++;
            await cpu.At(clearPte, ptes[cpu.Index]);
            present &= ~(1u << cpu.Index);
            await cpu.At(dropMapcount, mapcountWord);
            mapcount--;
            EndCall();
        }
    }

    private async Flow Fault(Cpu cpu)
    {
        await pageLock.Acquire(cpu, takeLock);
        inFlight++;
        await cpu.At(readAnon, anonVma);
        bool had = anon;
        await cpu.At(writeAnon, anonVma);
        anon |= !had;
        await cpu.At(addMapcount, mapcountWord);
        mapcount = had ? mapcount + 1 : 0;
        present |= 1u << cpu.Index;
        await cpu.At(giveLock, pageLock);
        pageLock.Release(cpu);
        EndCall();
    }

    private async Flow Zap(Cpu cpu)
    {
        await cpu.At(readPte, ptes[cpu.Index]);
        inFlight++;
        await cpu.At(clearPte, ptes[cpu.Index]);
        present &= ~(1u << cpu.Index);
        await cpu.At(dropMapcount, mapcountWord);
        mapcount--;
        EndCall();
    }

    private void EndCall()
    {
        if (--inFlight == 0 && mapcount + 1 != System.Numerics.BitOperations.PopCount(present))
        {
            broken = true;
        }
    }

    private sealed class Word(byte kind, ushort id, string name) : SharedObject(kind, id)
    {
        public override string Name => name;
    }
}
