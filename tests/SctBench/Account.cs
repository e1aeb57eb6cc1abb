using Interleave;

namespace Tests.SctBench;

/// <summary>account: a deposit, a withdrawal, and a check with the wrong sum once both are through.</summary>
internal sealed class Account : SctProgram
{
    private const int Start = 1;
    private const int Deposit = 2;
    private const int Withdrawal = 4;
    private readonly int expected;
    private readonly KernelSpinlock mutex;
    private readonly Variable balance;
    private readonly Variable deposited;
    private readonly Variable withdrawn;

    /// <summary>The program.</summary>
    /// <param name="right">Put right: the check expects what there must be.</param>
    public Account(bool right = false)
        : base("account", 3)
    {
        expected = right ? Start + Deposit - Withdrawal : Start - Deposit - Withdrawal;
        mutex = Mutex("m");
        balance = Shared("balance", Start);
        deposited = Shared("deposit_done");
        withdrawn = Shared("withdraw_done");
    }

    protected override async Flow Main(Cpu cpu)
    {
        for (int thread = 1; thread <= Threads; thread++)
        {
            await Spawn(cpu, thread);
        }
    }

    protected override int FunctionOf(int thread) => thread;

    protected override Flow Thread(Cpu cpu, int thread) => thread switch
    {
        1 => Check(cpu),
        2 => Book(cpu, Deposit, deposited),
        _ => Book(cpu, -Withdrawal, withdrawn),
    };

    private async Flow Book(Cpu cpu, int amount, Variable done)
    {
        await Lock(cpu, mutex);
        await Add(cpu, balance, amount);
        await Write(cpu, done, 1);
        await Unlock(cpu, mutex);
    }

    private async Flow Check(Cpu cpu)
    {
        await Lock(cpu, mutex);
        if (await Read(cpu, deposited) == 1
            && await Read(cpu, withdrawn) == 1)
        {
            Assert(await Read(cpu, balance) == expected);
        }

        await Unlock(cpu, mutex);
    }
}
