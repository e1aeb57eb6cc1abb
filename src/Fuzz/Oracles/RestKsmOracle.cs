using Mm.State;

namespace Fuzz.Oracles;

/// <summary>At rest nodes and items of KSM name each other, and an item leads to the mapping that it is
/// about.</summary>
/// <remarks>
/// Without it a walk of the reverse map misses a page that ksmd has merged: it can be neither reclaimed nor migrated. A
/// mapping that fork has made needs no item. No message.
/// </remarks>
public sealed class RestKsmOracle : IWorldOracle
{
    /// <inheritdoc />
    public string Name => "rest-ksm";

    /// <inheritdoc />
    public void Check(Kernel kernel, Seen seen, IJudge judge)
    {
        int listed = 0;
        foreach (StableNode node in kernel.Ksm.Nodes)
        {
            foreach (RmapItem item in node.Items)
            {
                listed++;
                if (item.Head != node || !node.Live)
                {
                    judge.Broken(this, "item in a list that it does not name", $"{node}: {item.Mm} page {item.Page}");
                }

                CheckMapping(kernel, node, item, judge);
            }
        }

        foreach (RmapItem item in kernel.Ksm.Items)
        {
            listed -= item.Head is null ? 0 : 1;
            if ((item.Head is null) != (item.AnonVma is null))
            {
                judge.Broken(
                    this, "item has an anon_vma only while it is in a list",
                    $"{item.Mm} page {item.Page}: {item.Head}, {item.AnonVma}");
            }
        }

        if (listed != 0)
        {
            judge.Broken(this, "items and lists differ", $"{listed} more items in lists than there are items in use");
        }
    }

    private void CheckMapping(Kernel kernel, StableNode node, RmapItem item, IJudge judge)
    {
        if (item.IsDead || item.AnonVma is not { } anonVma || kernel.Folios[node.Pfn].StableNode != node
            || !item.Mm[item.Page].IsPresent || item.Mm[item.Page].Target != node.Pfn)
        {
            return;
        }

        bool found = false;
        foreach (AnonVmaChain link in anonVma.Tree)
        {
            found |= link.Vma.Mm == item.Mm && link.Vma.Covers(item.Page);
        }

        if (!found)
        {
            judge.Broken(
                this, "reverse map misses a merged page",
                $"{item.Mm} page {item.Page}: {item.Mm[item.Page]}, {anonVma} of its item does not lead there");
        }
    }
}
