using Mm.State;

namespace Fuzz.Oracles;

/// <summary>When all processes are gone and all files evicted, no page is in the page cache and no VMA on a
/// file.</summary>
/// <remarks>X3 for files. The kernel: <c>BUG_ON(inode->i_data.nrpages)</c>.</remarks>
public sealed class ExitFilesOracle : IWorldOracle
{
    /// <inheritdoc />
    public string Name => "exit-files";

    /// <inheritdoc />
    public void Check(Kernel kernel, Seen seen, IJudge judge)
    {
        for (int number = 0; number < kernel.Files.Count && kernel.Files.Used; number++)
        {
            Inode file = kernel.Files[number];
            if (file.Mmap.Count != 0)
            {
                judge.Broken(this, "VMA left on a file", $"{file}: {file.Mmap[0]}");
            }

            for (int index = 0; index < kernel.Files.Pages; index++)
            {
                if (!file.IsHole(index))
                {
                    judge.Broken(
                        this, "page left in an evicted file",
                        $"{file} page {index}: {file.FolioAt(index)?.ToString() ?? $"slot {file.SlotAt(index)}"}",
                        "kernel BUG: BUG_ON(inode->i_data.nrpages)");
                }
            }
        }
    }
}
