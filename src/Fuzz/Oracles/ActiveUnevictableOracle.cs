using Mm.State;

namespace Fuzz.Oracles;

/// <summary>No folio has PG_active and PG_unevictable.</summary>
/// <remarks>E12, after every step: whoever sets one of them has taken the folio off the LRU, and clears the other
/// first.</remarks>
public readonly struct ActiveUnevictableOracle : IOracle<Folio>
{
    /// <inheritdoc />
    public string Name => "active-unevictable";

    /// <inheritdoc />
    public bool Holds(Kernel kernel, Folio subject) => !subject.Has(PageFlag.Active | PageFlag.Unevictable);

    /// <inheritdoc />
    public void Tell(Kernel kernel, Folio subject, IJudge judge) => judge.Broken(
        this, "active folio is unevictable", $"{subject}: flags {subject.Flags}",
        "VM_BUG_ON_FOLIO(folio_test_active(folio) && folio_test_unevictable(folio))");
}
