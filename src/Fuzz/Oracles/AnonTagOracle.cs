using Mm.State;

namespace Fuzz.Oracles;

/// <summary>A mapped folio has a mapping: with the anon tag, or a file's.</summary>
/// <remarks>
/// E7. The mapping is stored before the mapcount rises. Without it the reverse map finds nobody, and the folio can be
/// neither reclaimed nor migrated. A folio whose last reference is gone is on its way to the free checks, which judge
/// it.
/// </remarks>
public readonly struct AnonTagOracle : IOracle<Folio>
{
    /// <inheritdoc />
    public string Name => "anon-tag";

    /// <inheritdoc />
    public bool Holds(Kernel kernel, Folio subject) => !subject.Mapped || subject.HasMapping || subject.Refcount <= 0;

    /// <inheritdoc />
    public void Tell(Kernel kernel, Folio subject, IJudge judge) =>
        judge.Broken(
            this, "mapped folio without anon tag", $"{subject}: mapcount {subject.Mapcount}, mapping NULL",
            "VM_WARN_ON_FOLIO(!folio_test_anon(folio))");
}
