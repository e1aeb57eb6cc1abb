namespace Fuzz.Oracles;

/// <summary>mlock_count is read and written only while the folio is on the unevictable list.</summary>
/// <remarks>
/// It lies where <c>lru.prev</c> is: on any other list a store to it breaks the list, and a load of it finds an
/// address. Noted as it happens; the kernel says <c>list_del corruption</c>, later and about a neighbour.
/// </remarks>
public sealed class MlockCountOracle : ITruthOracle
{
    /// <summary>How lines for this oracle begin in <see cref="Mm.State.Kernel.TruthBroken"/>.</summary>
    public const string Prefix = "mlock:";

    /// <inheritdoc />
    public string Name => "mlock-count";

    /// <inheritdoc />
    public void Tell(string detail, IJudge judge) =>
        judge.Broken(this, "mlock_count is used where lru.prev is", detail, "list_del corruption");
}
