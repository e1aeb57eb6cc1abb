using Mm.State;

namespace Fuzz.Oracles;

/// <summary>
/// Hands each line of <see cref="Kernel.TruthBroken"/> to the oracle whose law it breaks, by its prefix.
/// </summary>
internal sealed class TruthReports
{
    private readonly (string Prefix, ITruthOracle Oracle)[] byPrefix =
    [
        (ZapOracle.Prefix, new ZapOracle()),
        (TruncationOracle.Prefix, new TruncationOracle()),
        (PrivateCopyOracle.Prefix, new PrivateCopyOracle()),
        (SwapinOracle.Prefix, new SwapinOracle()),
        (DeviceOracle.Prefix, new DeviceOracle()),
        (UseAfterFreeOracle.Prefix, new UseAfterFreeOracle()),
        (StableWritesOracle.Prefix, new StableWritesOracle()),
        (StaleZapOracle.Prefix, new StaleZapOracle()),
        (UnqueueOracle.Prefix, new UnqueueOracle()),
        (QueueLockOracle.Prefix, new QueueLockOracle()),
        (SafeNeighbourOracle.Prefix, new SafeNeighbourOracle()),
        (PrecedingFolioOracle.Prefix, new PrecedingFolioOracle()),
        (DoubleAddOracle.Prefix, new DoubleAddOracle()),
        (RechargeOracle.Prefix, new RechargeOracle()),
        (MoveResultOracle.Prefix, new MoveResultOracle()),
        (SplicedPageOracle.Prefix, new SplicedPageOracle()),
        (NeedlessCopyOracle.Prefix, new NeedlessCopyOracle()),
        (MlockCountOracle.Prefix, new MlockCountOracle()),
        (OwnAnonVmaOracle.Prefix, new OwnAnonVmaOracle()),
    ];

    /// <summary>Lines without any of these prefixes.</summary>
    private readonly ContentOracle content = new();

    /// <summary>The oracles that lines are handed to.</summary>
    public IEnumerable<IOracle> All => [.. byPrefix.Select(entry => entry.Oracle), content];

    /// <summary>Reports one line.</summary>
    public void Tell(string line, IJudge judge)
    {
        foreach ((string prefix, ITruthOracle oracle) in byPrefix)
        {
            if (line.StartsWith(prefix, StringComparison.Ordinal))
            {
                oracle.Tell(line[prefix.Length..].Trim(), judge);
                return;
            }
        }

        content.Tell(line, judge);
    }
}
