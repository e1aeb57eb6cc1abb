using Interleave;

namespace Tests.SctBench;

/// <summary>bluetooth_driver: work on a device goes on after the device was stopped.</summary>
internal sealed class BluetoothDriver : SctProgram
{
    private readonly bool countFirst;
    private readonly Variable pending;
    private readonly Variable stoppingFlag;
    private readonly Variable stoppingEvent;
    private readonly Variable stopped;

    /// <summary>The program.</summary>
    /// <param name="countFirst">Put right: the request is counted before the flag is looked at.</param>
    public BluetoothDriver(bool countFirst = false)
        : base("bluetooth_driver", 1)
    {
        this.countFirst = countFirst;
        pending = Shared("pendingIo", 1);
        stoppingFlag = Shared("stoppingFlag");
        stoppingEvent = Shared("stoppingEvent");
        stopped = Shared("stopped");
    }

    protected override async Flow Main(Cpu cpu)
    {
        await Spawn(cpu, 1);
        if (countFirst)
        {
            await AtomicAdd(cpu, pending, 1);
        }

        bool goes = await Read(cpu, stoppingFlag) == 0;
        if (goes && !countFirst)
        {
            await AtomicAdd(cpu, pending, 1);
        }

        if (goes)
        {
            Assert(await Read(cpu, stopped) == 0);
        }

        await Decrement(cpu);
        await Join(cpu, 1);
    }

    protected override async Flow Thread(Cpu cpu, int thread)
    {
        await Write(cpu, stoppingFlag, 1);
        await Decrement(cpu);
        if (await Read(cpu, stoppingEvent) == 1)
        {
            await Write(cpu, stopped, 1);
        }
    }

    private async Flow Decrement(Cpu cpu)
    {
        if (await AtomicAdd(cpu, pending, -1) == 0)
        {
            await Write(cpu, stoppingEvent, 1);
        }
    }
}
