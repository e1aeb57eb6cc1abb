using Interleave;

namespace Tests.SctBench;

/// <summary>fsbench: twenty-seven threads allocate blocks to inodes, and there are locks for twenty-six.</summary>
internal sealed class FileSystem : SctProgram
{
    private const int Blocks = 26;
    private readonly KernelSpinlock[] inodeLocks;
    private readonly KernelSpinlock[] blockLocks;
    private readonly Variable[] busy;
    private readonly Variable[] inodes;

    public FileSystem(int threads = 27)
        : base("fsbench", threads)
    {
        inodeLocks = [.. Enumerable.Range(0, Blocks).Select(i => Mutex($"locki[{i}]"))];
        blockLocks = [.. Enumerable.Range(0, Blocks).Select(i => Mutex($"lockb[{i}]"))];
        busy = [.. Enumerable.Range(0, Blocks).Select(i => Shared($"busy[{i}]"))];
        inodes = [.. Enumerable.Range(0, Blocks).Select(i => Shared($"inode[{i}]"))];
    }

    protected override async Flow Thread(Cpu cpu, int thread)
    {
        int inode = thread - 1;
        if (inode >= Blocks)
        {
            Assert(false);
            return;
        }

        await Lock(cpu, inodeLocks[inode]);
        if (await Read(cpu, inodes[inode]) == 0)
        {
            await Allocate(cpu, inode);
        }

        await Unlock(cpu, inodeLocks[inode]);
    }

    private async Flow Allocate(Cpu cpu, int inode)
    {
        int block = inode * 2 % Blocks;
        for (int i = 0; i < Blocks / 2; i++)
        {
            await Lock(cpu, blockLocks[block]);
            bool taken = await Read(cpu, busy[block]) == 1;
            if (!taken)
            {
                await Write(cpu, busy[block], 1);
                await Write(cpu, inodes[inode], block + 1);
            }

            await Unlock(cpu, blockLocks[block]);
            if (!taken)
            {
                return;
            }

            block = (block + 1) % Blocks;
        }
    }
}
