using Mm.State;

namespace Fuzz.Oracles;

/// <summary>What a process sees of one of its pages.</summary>
internal record struct PageView
{
    /// <summary>One past the last page of the mapping that it is in; 0 when nothing is mapped.</summary>
    public int End;

    /// <summary>Number of the file; -1 for anonymous memory.</summary>
    public int File;

    /// <summary>Page of the file.</summary>
    public int Index;

    /// <summary>MAP_SHARED.</summary>
    public bool Shared;

    /// <summary>PROT_WRITE.</summary>
    public bool Writable;

    /// <summary>MADV_DONTFORK.</summary>
    public bool DontFork;

    /// <summary>mlock.</summary>
    public bool Locked;

    /// <summary>Whether a private page of a file is the process' own by now.</summary>
    public bool Owned;

    /// <summary>Whether MADV_FREE lets it read 0.</summary>
    public bool MayBeFreed;

    /// <summary>What it must read.</summary>
    public int Value;

    /// <summary>Whether anything is mapped.</summary>
    public readonly bool Mapped => End > 0;
}

/// <summary>What user space could find out about its processes, files and memcgs between two calls.</summary>
internal sealed class UserView
{
    /// <summary>Number of processes.</summary>
    public int Mms { get; private set; }

    /// <summary>Pages of a process.</summary>
    public int Pages { get; private set; }

    /// <summary>Pages of a file at most.</summary>
    public int FilePages { get; private set; }

    /// <summary>Whether there is swap.</summary>
    public bool SwapOn { get; set; }

    /// <summary>By process: how many threads it has.</summary>
    public int[] Users { get; } = new int[Kernel.MmsMax];

    /// <summary>By process: number of mappings.</summary>
    public int[] Vmas { get; } = new int[Kernel.MmsMax];

    /// <summary>By process: number of its memcg.</summary>
    public int[] Memcg { get; } = new int[Kernel.MmsMax];

    /// <summary>By memcg: whether its directory is there.</summary>
    public bool[] Online { get; } = new bool[MemcgTree.Max];

    /// <summary>By file: its size in pages.</summary>
    public int[] Size { get; } = new int[FileTable.Max];

    private readonly int[] data = new int[FileTable.Max * Inode.PagesMax];
    private PageView[] pages = [];

    /// <summary>A page of a process.</summary>
    public ref PageView this[int mm, int page] => ref pages[(mm * Pages) + page];

    /// <summary>What a page of a file must read.</summary>
    public ref int Data(int file, int index) => ref data[(file * Inode.PagesMax) + index];

    /// <summary>Looks at everything.</summary>
    public void Take(Kernel kernel)
    {
        Fit(kernel.MmCount, kernel.PageCount, kernel.Files.Pages);
        for (int number = 0; number < Mms; number++)
        {
            Take(kernel.Mms[number]);
        }

        // What this kernel does not have may be left from one that had more.
        Array.Clear(Online);
        Array.Clear(Size);
        Array.Clear(data);
        SwapOn = kernel.Swap.Writable;
        for (int number = 0; number < kernel.Memcgs.Count; number++)
        {
            Online[number] = kernel.Memcgs[number].Online;
        }

        for (int number = 0; number < kernel.Files.Count; number++)
        {
            Size[number] = kernel.Files[number].Size;
            kernel.Files[number].TruthData.CopyTo(data, number * Inode.PagesMax);
        }
    }

    /// <summary>Becomes the same as another.</summary>
    public void CopyFrom(UserView other)
    {
        Fit(other.Mms, other.Pages, other.FilePages);
        SwapOn = other.SwapOn;
        Array.Copy(other.pages, pages, Mms * Pages);
        other.data.CopyTo(data, 0);
        other.Users.CopyTo(Users, 0);
        other.Vmas.CopyTo(Vmas, 0);
        other.Memcg.CopyTo(Memcg, 0);
        other.Online.CopyTo(Online, 0);
        other.Size.CopyTo(Size, 0);
    }

    private void Fit(int mms, int pagesOfMm, int pagesOfFile)
    {
        Mms = mms;
        Pages = pagesOfMm;
        FilePages = pagesOfFile;
        if (pages.Length < mms * pagesOfMm)
        {
            pages = new PageView[mms * pagesOfMm];
        }
    }

    private void Take(MmStruct mm)
    {
        Users[mm.Index] = mm.Users;
        Memcg[mm.Index] = mm.Alive && mm.Memcg is { } memcg ? memcg.Number : 0;
        Vmas[mm.Index] = mm.Vmas.Count;
        Array.Clear(pages, mm.Index * Pages, Pages);
        foreach (Vma vma in mm.Vmas)
        {
            for (int page = vma.Start; page < vma.End; page++)
            {
                bool owned = vma.File is not null && mm.TruthOwned[page];
                int index = vma.LinearIndex(page);
                this[mm.Index, page] = new PageView
                {
                    End = vma.End,
                    File = vma.File?.Number ?? -1,
                    Index = vma.File is null ? 0 : index,
                    Shared = vma.Shared,
                    Writable = vma.Writable,
                    DontFork = vma.Has(VmaFlag.DontCopy),
                    Locked = vma.IsLocked,
                    Owned = owned,
                    MayBeFreed = mm.TruthMayBeFreed[page],
                    Value = vma.File is { } file && !owned ? file.TruthData[index] : mm.TruthData[page],
                };
            }
        }
    }
}
