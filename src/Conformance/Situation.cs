using Fuzz.Programs;
using Mm.State;

namespace Conformance;

/// <summary>A call, and the engine in the state that it meets: all that it takes to say the call in system
/// calls.</summary>
/// <param name="Kernel">The engine.</param>
/// <param name="Call">The call.</param>
/// <param name="Stretch">How many pages one of the call stands for, as a power of two.</param>
public readonly record struct Situation(Kernel Kernel, Call Call, int Stretch)
{
    /// <summary>Number of the process that makes the call.</summary>
    public int Mm => Call.A;

    /// <summary>The page that is named first.</summary>
    public int Page => Call.B << Stretch;

    /// <summary>Pages of a call that names a first page and a number of them, as far as the region goes.</summary>
    public int Count => Math.Min(Page + (Call.C << Stretch), Kernel.PageCount) - Page;

    /// <summary>The page that is named second.</summary>
    public int To => Call.C << Stretch;

    /// <summary>Pages of a call that names two pages and a number of them.</summary>
    public int Length => Call.D << Stretch;

    /// <summary>The process that makes the call.</summary>
    public MmStruct Process => Kernel.Mms[Call.A];

    /// <summary>The VMA around the page that is named first, or null.</summary>
    public Vma? Vma => Process.FindVma(Page);

    /// <summary>First page of the range that one PMD entry of the engine covers.</summary>
    public int TableStart => Process.Table(Page).Start;

    /// <summary>Number of pages in that range.</summary>
    public int TableCount => Process.Table(Page).End - Process.Table(Page).Start;

    /// <summary>Pages that a file mapping of the call covers: to the file's last page, or as far as the region
    /// goes.</summary>
    public int FileCount => Math.Min(Page + Kernel.Files.Pages - Call.D, Kernel.PageCount) - Page;

    /// <summary>Pages that a punch takes: what lies behind the end of the file is no use.</summary>
    public int PunchCount => Math.Min(Call.B + Call.C, Kernel.Files.Pages) - Call.B;

    /// <summary>Pages that mremap moves in the engine: of one VMA without a file, and so that neither range overlaps
    /// the other or leaves the region.</summary>
    public int MovedCount => Vma is { File: null } vma
        ? Math.Min(Math.Min(Length, vma.End - Page), Math.Min(Kernel.PageCount - To, Math.Abs(To - Page)))
        : 0;

    /// <summary>Whether a page of a file with blocks can be dropped: it is clean, and so is all that maps it. The
    /// kernel writes it back before (kiocb_write_and_wait), and the engine does not.</summary>
    public bool IsCleanOnDisk
    {
        get
        {
            Inode file = Kernel.Files[Call.A];
            int index = Call.B;
            return !file.IsShmem && index < file.Size && !(file.FolioAt(index) is { } folio
                && (folio.Has(PageFlag.Dirty) || file.Mmap.Exists(
                    vma => vma.AddressOf(index) is var page && page >= vma.Start && page < vma.End
                        && vma.Mm[page] is { IsPresent: true, Dirty: true } pte && pte.Target == folio.Pfn)));
        }
    }

    /// <summary>The number of a pin, or of a pipe's buffer, that holds nothing; -1 when all do.</summary>
    public static int Free(Pin[] pins) => Array.FindIndex(pins, static pin => pin.Frame is null);

    /// <summary>The number of the first that holds the page that is named first; -1 when there is none.</summary>
    public int Held(Pin[] pins)
    {
        (MmStruct process, int page) = (Process, Page);
        return Array.FindIndex(pins, pin => pin.Frame is not null && pin.Mm == process && pin.Page == page);
    }

    /// <summary>What the engine has stored, after the call: through the page table, or by a device.</summary>
    public int Stored => (MmCall)Call.Kind == MmCall.Dma && Held(Kernel.Pins) is >= 0 and var pin
        ? Kernel.Pins[pin].Frame!.Data : Content(Page);

    /// <summary>Runs of pages of the range that no VMA covers.</summary>
    public IEnumerable<(int Page, int Count)> Holes()
    {
        for (int page = Page; page < Page + Count; page++)
        {
            int from = page;
            while (page < Page + Count && Process.FindVma(page) is null)
            {
                page++;
            }

            if (page > from)
            {
                yield return (from, page - from);
            }
        }
    }

    /// <summary>What a page reads, from the engine's page table: its content, or zeroes.</summary>
    public int Content(int page) =>
        Process.Entry(page) is { IsPresent: true } pte ? Kernel.PageOf(pte).Data : 0;
}
