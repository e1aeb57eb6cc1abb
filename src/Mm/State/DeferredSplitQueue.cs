using Interleave;

namespace Mm.State;

/// <summary>struct deferred_split (include/linux/mmzone.h, v6.18): large folios that may be worth splitting.</summary>
public sealed class DeferredSplitQueue
{
    private readonly Kernel kernel;
    private readonly string name;

    internal DeferredSplitQueue(Kernel kernel, ObjectIds ids, string name)
    {
        this.kernel = kernel;
        this.name = name;
        Lock = ids.Spinlock(ObjectKind.SplitQueueLock, $"split_queue_lock of {name}");
        LengthWord = ids.Word(ObjectKind.SplitQueueLength, $"split_queue_len of {name}");
        Head = new ListHead(kernel, ids, $"split_queue of {name}", null, this);
        Head.Init();
    }

    /// <summary>split_queue_lock.</summary>
    public KernelSpinlock Lock { get; }

    /// <summary>split_queue.</summary>
    public ListHead Head { get; }

    /// <summary>split_queue_len, as an object of points.</summary>
    public Word LengthWord { get; }

    /// <summary>split_queue_len: the folios of the queue and, up to v6.18, of the scanners' local lists.</summary>
    public int Length { get; private set; }

    /// <summary>Ground truth: number of scans that have taken folios off and have not yet settled the length.</summary>
    public int TruthScans { get; set; }

    /// <summary>A store to split_queue_len.</summary>
    public void SetLength(int length)
    {
        Length = length;
        kernel.Touched.Queues = true;
    }

    /// <summary>split_queue_len += <paramref name="number"/>, with the lock held.</summary>
    public void AddLength(int number) => SetLength(Length + number);

    /// <inheritdoc />
    public override string ToString() => $"split queue of {name}";

    internal void Reset()
    {
        Lock.Reset();
        Head.Init();
        Length = 0;
        TruthScans = 0;
    }
}
