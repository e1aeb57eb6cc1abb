using Interleave;

namespace Mm.State;

/// <summary>struct deferred_split (include/linux/mmzone.h, v6.18): large folios that may be worth splitting.</summary>
public sealed class DeferredSplitQueue
{
    private readonly Kernel kernel;
    private readonly string name;

    internal DeferredSplitQueue(Kernel kernel, ObjectIds ids, string name, Memcg? memcg = null)
    {
        this.kernel = kernel;
        this.name = name;
        Memcg = memcg;
        Lock = ids.Spinlock(ObjectKind.SplitQueueLock, $"split_queue_lock of {name}");
        LengthWord = ids.Word(ObjectKind.SplitQueueLength, $"split_queue_len of {name}");
        Head = new ListHead(kernel, ids, $"split_queue of {name}", null, this);
        Head.Init();
    }

    /// <summary>The memcg that it is a part of; null for that of the node.</summary>
    public Memcg? Memcg { get; }

    /// <summary>Ground truth: whether its folios were handed to the parent's queue: only since v6.19.</summary>
    public bool TruthDead { get; private set; }

    /// <summary>Ground truth: whether somebody saw that the memcg is dying, and went to the parent's queue instead:
    /// only since v6.19.</summary>
    public bool TruthShunned { get; set; }

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

    /// <summary>Ground truth: the parent's queue takes over.</summary>
    public void TruthDie()
    {
        TruthDead = true;
        kernel.Touched.Queues = true;
    }

    /// <summary>Ground truth: nobody is at the list now. While the memcg goes offline, newer kernels hold the lock of
    /// an ancestor instead.</summary>
    public bool TruthIdle
    {
        get
        {
            DeferredSplitQueue queue = this;
            while (queue.Lock.Holder is null)
            {
                if (queue.Memcg is not { Online: false, Parent: { } parent })
                {
                    return true;
                }

                queue = kernel.QueueOf(parent);
            }

            return false;
        }
    }

    /// <summary>Ground truth: whether the lane may change the list: it holds the lock; or, once the memcg is going
    /// offline, that of an ancestor.</summary>
    public bool TruthIsHeldBy(Cpu cpu)
    {
        DeferredSplitQueue queue = this;
        while (queue.Lock.Holder != cpu)
        {
            if (queue.Memcg is not { Online: false, Parent: { } parent })
            {
                return false;
            }

            queue = kernel.QueueOf(parent);
        }

        return true;
    }

    /// <inheritdoc />
    public override string ToString() => $"split queue of {name}";

    internal void Reset()
    {
        Lock.Reset();
        Head.Init();
        Length = 0;
        TruthDead = false;
        TruthShunned = false;
        TruthScans = 0;
    }
}
