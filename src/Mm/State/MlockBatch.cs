using Interleave;

namespace Mm.State;

/// <summary>struct mlock_fbatch: folios that one cpu will mlock or munlock; each carries a reference
/// (mm/mlock.c, v6.18).</summary>
public sealed class MlockBatch(Word word) : LruBatch(word)
{
    /// <summary>What is to be done with each folio, in their order: the low bits of the pointers.</summary>
    public List<MlockWork> Works { get; } = [];

    /// <summary>All that the other batch has, in place of what was here.</summary>
    public void Take(MlockBatch other)
    {
        Clear();
        Folios.AddRange(other.Folios);
        Works.AddRange(other.Works);
        other.Clear();
    }

    internal override void Clear()
    {
        base.Clear();
        Works.Clear();
    }
}

/// <summary>What an <see cref="MlockBatch"/> is to do with a folio.</summary>
public enum MlockWork : byte
{
    /// <summary>munlock_folio.</summary>
    Munlock,

    /// <summary>LRU_FOLIO: mlock_folio.</summary>
    Mlock,

    /// <summary>NEW_FOLIO: mlock_new_folio.</summary>
    MlockNew,
}
