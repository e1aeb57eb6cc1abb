using Mm.State;

namespace Mm.Routines;

/// <summary>The counters of one page table's zap: added to the process' at its end.</summary>
internal struct RssChange
{
    public int Anon;
    public int Swap;
    public int File;
    public int Shmem;

    public void Forget(Kernel kernel, Pte pte, int count)
    {
        if (pte.IsSwap)
        {
            Swap -= count;
        }
        else if (pte.IsMigration)
        {
            Add(kernel.FolioOf(pte), -1);
        }
    }

    public void Add(Folio folio, int by)
    {
        if (folio.Anon)
        {
            Anon += by;
        }
        else if (folio.Has(PageFlag.Swapbacked))
        {
            Shmem += by;
        }
        else
        {
            File += by;
        }
    }
}
