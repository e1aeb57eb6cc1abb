namespace Mm.State;

/// <summary>The files of an execution.</summary>
public sealed class FileTable
{
    /// <summary>Most files.</summary>
    public const int Max = 2;

    private readonly Inode[] files = new Inode[Max];

    internal FileTable(Kernel kernel, ObjectIds ids)
    {
        for (int number = 0; number < Max; number++)
        {
            files[number] = new Inode(kernel, number, ids);
        }
    }

    /// <summary>Number of files.</summary>
    public int Count { get; private set; } = 1;

    /// <summary>First size of each file, and the bound of page numbers in it.</summary>
    public int Pages { get; private set; } = 1;

    /// <summary>Whether any file was used in this execution; until then all files are as at boot.</summary>
    public bool Used { get; set; } = true;

    /// <summary>A file by number.</summary>
    public Inode this[int number] => files[number];

    /// <summary>The files of the fresh world: of shmem all holes, else nothing in memory.</summary>
    internal void Reset(int count, bool shmem, int pages)
    {
        Count = count;
        Pages = pages;
        if (Used || files[0].IsShmem != shmem || files[0].Size != pages)
        {
            foreach (Inode file in files)
            {
                file.Reset(shmem, pages);
            }
        }

        Used = false;
    }
}
