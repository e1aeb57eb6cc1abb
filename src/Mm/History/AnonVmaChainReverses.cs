using Mm.Routines;

namespace Mm.History;

/// <summary>anon_vma_clone() as of v7.0, which goes through the source's list forwards, and adds at
/// the head.</summary>
[Variant(
    "anon-vma-chain-reverses",
    Subject = "a cloned VMA has its anon_vmas in reverse order, so that fork may reuse another one that is idle",
    Origin = "v7.0: \"mm/rmap: allocate anon_vma_chain objects unlocked when possible\"",
    Fix = "nothing is known to be wrong with it, but that unlink_anon_vmas() still says that the root comes last",
    IsHarmless = true,
    Symptom = "none: the root is freed last because of its references")]
public sealed class AnonVmaChainReverses : AnonVmas
{
    /// <inheritdoc />
    protected override int CloneOrder(int number, int count) => count - 1 - number;
}
