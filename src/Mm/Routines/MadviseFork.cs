using Interleave;
using Mm.State;

namespace Mm.Routines;

/// <summary>MADV_DONTFORK and MADV_DOFORK (mm/madvise.c: madvise_vma_behavior, v6.18): no entry and no folio is
/// touched.</summary>
public class MadviseFork : Routine
{
    protected static readonly Point MmapLock = Points.Define("DontForkMmapLock", "madvise_lock", Access.Acquire);

    /// <summary>madvise over [start, end): holes are passed over.</summary>
    /// <returns>Whether a flag changed.</returns>
    public virtual async Flow<bool> Run(Cpu cpu, MmStruct mm, int start, int end, bool copy)
    {
        bool any = false;
        await mm.MmapLock.AcquireWrite(cpu, MmapLock);
        while (start < end && mm.FirstVma(start, end) is { } vma)
        {
            int from = Math.Max(start, vma.Start);
            int to = Math.Min(end, vma.End);
            VmaFlag flags = copy ? vma.Flags & ~VmaFlag.DontCopy : vma.Flags | VmaFlag.DontCopy;
            if (flags != vma.Flags)
            {
                if (!await R.VmaModify.Modify(cpu, vma, from, to, flags))
                {
                    break;
                }

                any = true;
                await R.VmaModify.Settle(cpu, vma);
            }

            start = to;
        }

        mm.MmapLock.ReleaseWrite(cpu);
        return any;
    }
}
