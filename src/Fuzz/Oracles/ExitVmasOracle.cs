using Mm.State;

namespace Fuzz.Oracles;

/// <summary>When all processes are gone, every VMA is back in its slab, once, and no page table is left.</summary>
/// <remarks>check_mm says so of page tables; a VMA just stays for ever.</remarks>
public sealed class ExitVmasOracle : IWorldOracle
{
    /// <inheritdoc />
    public string Name => "exit-vmas";

    /// <inheritdoc />
    public void Check(Kernel kernel, Seen seen, IJudge judge)
    {
        if (kernel.VmasInUse != 0)
        {
            judge.Broken(
                this, kernel.VmasInUse > 0 ? "VMA leaked" : "VMA freed twice", $"{kernel.VmasInUse} VMAs are in use");
        }

        for (int i = 0; i < kernel.MmCount && kernel.HasHugePmds; i++)
        {
            CheckTables(kernel, kernel.Mms[i], judge);
        }
    }

    private void CheckTables(Kernel kernel, MmStruct mm, IJudge judge)
    {
        for (int page = 0; page < kernel.PageCount; page = mm.Table(page).End)
        {
            if (!mm.Table(page).Pmd.IsNone)
            {
                judge.Broken(
                    this, "page table leaked", $"{mm} page {page}: {mm.Table(page).Pmd}",
                    "BUG: non-zero pgtables_bytes on freeing mm");
            }
        }
    }
}
