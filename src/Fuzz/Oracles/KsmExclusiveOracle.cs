using Mm.State;

namespace Fuzz.Oracles;

/// <summary>A KSM page is never exclusive: it is nobody's own.</summary>
/// <remarks>
/// I-AE. write_protect_page gives up the mark before the page becomes a KSM page; nobody may set it afterwards, even if
/// it is mapped once. A store through it would reach whoever is merged next.
/// </remarks>
public readonly struct KsmExclusiveOracle : IOracle<Folio>
{
    /// <inheritdoc />
    public string Name => "ksm-exclusive";

    /// <inheritdoc />
    public bool Holds(Kernel kernel, Folio subject) => !subject.Ksm || !subject.Has(PageFlag.AnonExclusive);

    /// <inheritdoc />
    public void Tell(Kernel kernel, Folio subject, IJudge judge) =>
        judge.Broken(
            this, "KSM page is exclusive", $"{subject}: mapcount {subject.Mapcount}, {subject.Flags}",
            "VM_BUG_ON_FOLIO(folio_test_anon(kfolio) && PageAnonExclusive(kpage))");
}
