namespace Fuzz.Oracles;

/// <summary>The anon_vma that somebody has found by a folio, and has pinned or locked, is the folio's.</summary>
/// <remarks>
/// Noted as it is handed out. It may be of the tree that the folio's own is in, as an exclusive folio moves down its
/// tree at any time. What is known to be alive may be so for the second time: objects of a SLAB_TYPESAFE_BY_RCU cache
/// are taken again at once. No message; a walk misses mappings, or an unlock goes to another lock.
/// </remarks>
public sealed class OwnAnonVmaOracle : ITruthOracle
{
    /// <summary>How lines for this oracle begin in <see cref="Mm.State.Kernel.TruthBroken"/>.</summary>
    public const string Prefix = "rmap:";

    /// <inheritdoc />
    public string Name => "own-anon-vma";

    /// <inheritdoc />
    public void Tell(string detail, IJudge judge) => judge.Broken(this, "anon_vma is another's by now", detail);
}
