using System.Numerics;
using Mm.State;

namespace Fuzz.Oracles;

/// <summary>At rest the anon_vmas agree with the VMAs: trees with chains, and all counts with the graph.</summary>
/// <remarks>
/// B7. A reference is held by the VMAs together, by each descendant on its root, and by each item of KSM. The kernel
/// notices as the last VMA goes: <c>VM_WARN_ON(anon_vma->num_children)</c>,
/// <c>VM_WARN_ON(anon_vma->num_active_vmas)</c>, <c>VM_BUG_ON(refcount)</c>.
/// </remarks>
public sealed class AnonVmaTreeOracle : IWorldOracle
{
    /// <inheritdoc />
    public string Name => "anon-vma-tree";

    /// <inheritdoc />
    public void Check(Kernel kernel, Seen seen, IJudge judge)
    {
        int links = 0;
        for (int i = 0; i < kernel.MmCount; i++)
        {
            foreach (Vma vma in kernel.Mms[i].Vmas)
            {
                links += vma.Chain.Count;
                CheckVma(vma, judge);
            }
        }

        for (ulong left = seen.AnonVmas; left != 0; left &= left - 1)
        {
            AnonVma anonVma = kernel.AnonVmas[BitOperations.TrailingZeroCount(left)];
            if (!anonVma.Freed)
            {
                links -= anonVma.Tree.Count;
                CheckCounts(kernel, seen, anonVma, judge);
            }
        }

        if (links != 0)
        {
            judge.Broken(this, "chains and trees differ", $"{links} more links in chains than in trees");
        }
    }

    private void CheckVma(Vma vma, IJudge judge)
    {
        bool ownIsLinked = vma.AnonVma is null;
        foreach (AnonVmaChain link in vma.Chain)
        {
            ownIsLinked |= link.AnonVma == vma.AnonVma;
            if (link.AnonVma.Freed)
            {
                judge.Broken(this, "VMA is linked to a freed anon_vma", $"{vma}: {link.AnonVma}");
            }
            else if (link.Vma != vma || !link.AnonVma.Tree.Contains(link))
            {
                judge.Broken(this, "chains and trees differ", $"{vma}: its link is not in the tree of {link.AnonVma}");
            }
        }

        if (!ownIsLinked)
        {
            judge.Broken(this, "VMA is not linked to its own anon_vma", $"{vma}: {vma.AnonVma}");
        }
    }

    private void CheckCounts(Kernel kernel, Seen seen, AnonVma anonVma, IJudge judge)
    {
        int children = 0;
        int descendants = 0;
        for (ulong left = seen.AnonVmas; left != 0; left &= left - 1)
        {
            AnonVma other = kernel.AnonVmas[BitOperations.TrailingZeroCount(left)];
            if (!other.Freed)
            {
                children += other.Parent == anonVma && other.Tree.Count > 0 ? 1 : 0;
                descendants += other.Root == anonVma && other != anonVma ? 1 : 0;
            }
        }

        int active = ActiveVmas(kernel, anonVma);
        if (anonVma.Tree.Count == 0 && anonVma.TruthItems + descendants == 0)
        {
            judge.Broken(this, "anon_vma without VMAs is alive", $"{anonVma}: refcount {anonVma.Refcount}");
        }

        if (anonVma.Children != children)
        {
            judge.Broken(
                this, "num_children is wrong", $"{anonVma}: num_children {anonVma.Children}, children {children}",
                "VM_WARN_ON(anon_vma->num_children)");
        }

        if (anonVma.ActiveVmas != active)
        {
            judge.Broken(
                this, "num_active_vmas is wrong", $"{anonVma}: num_active_vmas {anonVma.ActiveVmas}, VMAs {active}",
                "VM_WARN_ON(anon_vma->num_active_vmas)");
        }

        if (anonVma.Refcount != (anonVma.Tree.Count > 0 ? 1 : 0) + descendants + anonVma.TruthItems)
        {
            judge.Broken(
                this, "anon_vma refcount is wrong",
                $"{anonVma}: refcount {anonVma.Refcount}, descendants {descendants}, items {anonVma.TruthItems}",
                "VM_BUG_ON(atomic_read(&anon_vma->refcount))");
        }
    }

    private static int ActiveVmas(Kernel kernel, AnonVma anonVma)
    {
        int active = 0;
        for (int i = 0; i < kernel.MmCount; i++)
        {
            foreach (Vma vma in kernel.Mms[i].Vmas)
            {
                active += vma.AnonVma == anonVma ? 1 : 0;
            }
        }

        return active;
    }
}
