using System.Runtime.CompilerServices;
using Mm.State;

namespace Fuzz.Oracles;

/// <summary>Questions about page tables that several laws ask.</summary>
internal static class PageTables
{
    /// <summary>Whether nobody holds the page table lock of any process.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AreQuiet(Kernel kernel)
    {
        for (int i = 0; i < kernel.MmCount; i++)
        {
            if (kernel.Mms[i].TablesLocked)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Number of entries of that kind.</summary>
    public static int Count(Kernel kernel, MmStruct mm, PteKind kind)
    {
        int count = 0;
        for (int page = 0; page < kernel.PageCount; page++)
        {
            count += mm.Entry(page).Kind == kind ? 1 : 0;
        }

        return count;
    }
}
