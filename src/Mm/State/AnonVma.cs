using Interleave;

namespace Mm.State;

/// <summary>struct anon_vma (include/linux/rmap.h, v6.18): from an anonymous folio to the VMAs that may map
/// it.</summary>
/// <remarks>
/// Objects live in a SLAB_TYPESAFE_BY_RCU cache: a freed one may be taken again at once as another anon_vma, and its
/// memory becomes something else after a grace period. <see cref="IsForeign"/> says so as early as RCU allows.
/// </remarks>
public sealed class AnonVma
{
    private readonly Kernel kernel;
    private readonly int number;

    internal AnonVma(Kernel kernel, int number, ObjectIds ids)
    {
        this.kernel = kernel;
        this.number = number;
        Word = ids.Word(ObjectKind.AnonVma, $"anon_vma {number}");
        Rwsem = ids.Rwsem(ObjectKind.AnonVmaLock, $"anon_vma {number} rwsem");
        Root = this;
    }

    /// <summary>The fields, as an object of points.</summary>
    public Word Word { get; }

    /// <summary>The lock; only the root's is used.</summary>
    public Rwsem Rwsem { get; }

    /// <summary>The root of the tree; itself for a root.</summary>
    public AnonVma Root { get; set; }

    /// <summary>The parent; itself for a root.</summary>
    public AnonVma Parent { get; set; } = null!;

    /// <summary>References: one from the VMAs, one from each descendant on its root, and passers-by.</summary>
    public int Refcount { get; set; }

    /// <summary>Ground truth: how many of the references are of KSM's rmap items.</summary>
    public int TruthItems { get; set; }

    /// <summary>Ground truth: how often the object was taken from its slab; another time, another anon_vma.</summary>
    public int TruthLife { get; internal set; }

    /// <summary>Number of children, counting itself for a root.</summary>
    public int Children { get; set; }

    /// <summary>Number of VMAs whose own anon_vma this is.</summary>
    public int ActiveVmas { get; set; }

    /// <summary>The interval tree: links to all VMAs that may map its folios, in order of insertion. Walks go by
    /// <see cref="After"/>.</summary>
    public List<AnonVmaChain> Tree { get; } = [];

    /// <summary>Whether the object is back in its slab.</summary>
    public bool Freed { get; internal set; } = true;

    /// <summary>When it was freed, in RCU time.</summary>
    public long FreedAt { get; internal set; }

    /// <summary>Whether the memory may by now be something else altogether.</summary>
    public bool IsForeign => Freed && kernel.Rcu.GracePeriodOver(FreedAt);

    /// <summary>Index in the slab.</summary>
    public int Number => number;

    /// <summary>anon_vma_interval_tree_foreach: by the index of the VMA's first page, then in order of
    /// insertion.</summary>
    /// <param name="position">Where the walk is in <see cref="Tree"/>; negative before the first.</param>
    /// <returns>Where it comes to next; negative after the last.</returns>
    public int After(int position)
    {
        if (position >= Tree.Count || Tree.Count == 1)
        {
            return position < 0 ? 0 : -1;
        }

        int next = -1;
        for (int i = 0; i < Tree.Count; i++)
        {
            if ((position < 0 || IsLater(i, position)) && (next < 0 || IsLater(next, i)))
            {
                next = i;
            }
        }

        return next;
    }

    /// <inheritdoc />
    public override string ToString() => $"anon_vma {number}";

    private bool IsLater(int left, int right)
    {
        int difference = Tree[left].Vma.Offset - Tree[right].Vma.Offset;
        return difference > 0 || (difference == 0 && left > right);
    }

    internal void Reset()
    {
        Root = this;
        Parent = this;
        Refcount = 0;
        TruthItems = 0;
        TruthLife = 0;
        Children = 0;
        ActiveVmas = 0;
        Tree.Clear();
        Freed = true;
        FreedAt = -1;
        Rwsem.Reset();
    }
}

/// <summary>struct anon_vma_chain: one VMA in the tree of one anon_vma.</summary>
public sealed class AnonVmaChain
{
    /// <summary>The VMA.</summary>
    public Vma Vma { get; set; } = null!;

    /// <summary>The anon_vma.</summary>
    public AnonVma AnonVma { get; set; } = null!;
}
