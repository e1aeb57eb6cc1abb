using Mm.State;

namespace Fuzz.Oracles;

/// <summary>The stable node that a KSM folio names is in the stable tree, and is that folio's.</summary>
/// <remarks>
/// Judged while the folio is unlocked: migration moves the node first and makes the old folio forget it second. The
/// node holds no reference; were it freed while a folio names it, the next reverse map walk would go through freed
/// memory. The kernel notices on migration: <c>VM_BUG_ON_FOLIO(stable_node->kpfn != folio_pfn(folio))</c>.
/// </remarks>
public readonly struct KsmNodeOracle : ISettledOracle<Folio>
{
    /// <inheritdoc />
    public string Name => "ksm-node";

    /// <inheritdoc />
    public bool IsSettled(Kernel kernel, Folio subject) => !subject.Has(PageFlag.Locked);

    /// <inheritdoc />
    public bool Holds(Kernel kernel, Folio subject) =>
        subject.StableNode is not { } node || subject.Refcount <= 0 || (node.Live && node.Pfn == subject.Pfn);

    /// <inheritdoc />
    public void Tell(Kernel kernel, Folio subject, IJudge judge)
    {
        StableNode node = subject.StableNode!;
        if (!node.Live)
        {
            judge.Broken(this, "KSM folio of a freed stable node", $"{subject}: {node}");
        }
        else
        {
            judge.Broken(
                this, "KSM folio of a stable node that is another folio's", $"{subject}: {node} is of folio {node.Pfn}",
                "VM_BUG_ON_FOLIO(stable_node->kpfn != folio_pfn(folio))");
        }
    }
}
