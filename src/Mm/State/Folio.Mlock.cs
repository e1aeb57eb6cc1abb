namespace Mm.State;

/// <summary>mlock_count, which has no memory of its own.</summary>
public sealed partial class Folio
{
    private int mlockCount;

    /// <summary>mlock_count: how many VMAs have locked the folio, at least. It shares its memory with
    /// <c>lru.prev</c>, so it means something only while the folio is on the unevictable list, which has no
    /// links.</summary>
    public int MlockCount
    {
        get
        {
            CheckMlockCount("read");
            return mlockCount;
        }
    }

    /// <summary>Ground truth: the same, for whoever only looks.</summary>
    public int TruthMlockCount => mlockCount;

    /// <summary>A store to mlock_count, by the owner of the folio's place on the LRU.</summary>
    public void SetMlockCount(int count)
    {
        CheckMlockCount("written");
        mlockCount = count;
        Touch();
    }

    private void CheckMlockCount(string what)
    {
        if (On is not null)
        {
            Kernel.TruthBroken.Add($"mlock: mlock_count of {this} is {what} while it is linked on the {On} list");
        }
        else if (!Has(PageFlag.Unevictable))
        {
            Kernel.TruthBroken.Add($"mlock: mlock_count of {this} is {what} while it is not unevictable");
        }
    }
}
