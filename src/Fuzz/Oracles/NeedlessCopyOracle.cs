using Fuzz.Execution;

namespace Fuzz.Oracles;

/// <summary>A page that one process has for itself is not copied when it is swapped in.</summary>
/// <remarks>
/// Noted where do_swap_page maps a copy. Only folios whose index or anon_vma belongs elsewhere are copied: of what KSM
/// has merged. With the entry's exclusive bit nobody else can be meant, so that index or anon_vma is wrong. A kernel
/// without CONFIG_KSM would stop at VM_BUG_ON_PAGE(page_pgoff(folio, page) != linear_page_index(vma, address)).
/// </remarks>
public sealed class NeedlessCopyOracle : ITruthOracle
{
    /// <summary>How lines for this oracle begin in <see cref="Mm.State.Kernel.TruthBroken"/>.</summary>
    public const string Prefix = "copy:";

    /// <inheritdoc />
    public string Name => "needless-copy";

    /// <inheritdoc />
    public void Tell(string detail, IJudge judge) =>
        judge.Broken(this, "exclusive page is copied on swapin", detail, kind: LawKind.Symptom);
}
