using Mm.State;

namespace Fuzz.Oracles;

/// <summary>All laws about one anon_vma that hold after every step.</summary>
internal sealed class AnonVmaOracles(Kernel kernel, Judge judge) : ObjectOracles<AnonVma>(kernel, judge)
{
    /// <inheritdoc />
    public override IReadOnlyList<IOracle> All { get; } = [new AnonVmaLiveOracle()];

    /// <summary>Judges all.</summary>
    public void Check(AnonVma anonVma) => Check<AnonVmaLiveOracle>(anonVma);
}
