using Mm.State;

namespace Fuzz.Oracles;

/// <summary>
/// Hands each line of <see cref="Kernel.TruthBroken"/> to the oracle whose law it breaks, by its prefix.
/// </summary>
internal sealed class TruthReports
{
    /// <summary>Lines that begin with <c>zap:</c>.</summary>
    public ZapOracle Zap { get; } = new();

    /// <summary>Lines that begin with <c>truncate:</c>.</summary>
    public TruncationOracle Truncation { get; } = new();

    /// <summary>Lines that begin with <c>cow:</c>.</summary>
    public PrivateCopyOracle PrivateCopy { get; } = new();

    /// <summary>Lines that begin with <c>pin:</c>.</summary>
    public DeviceOracle Device { get; } = new();

    /// <summary>Lines that begin with <c>swapin:</c>.</summary>
    public SwapinOracle Swapin { get; } = new();

    /// <summary>Lines that begin with <c>freed:</c>.</summary>
    public UseAfterFreeOracle UseAfterFree { get; } = new();

    /// <summary>Lines that begin with <c>stable:</c>.</summary>
    public StableWritesOracle StableWrites { get; } = new();

    /// <summary>Lines that begin with <c>tlb:</c>.</summary>
    public StaleZapOracle StaleZap { get; } = new();

    /// <summary>Lines that begin with <c>unqueue:</c>.</summary>
    public UnqueueOracle Unqueue { get; } = new();

    /// <summary>Lines that begin with <c>unlocked:</c>.</summary>
    public QueueLockOracle QueueLock { get; } = new();

    /// <summary>Lines that begin with <c>neighbour:</c>.</summary>
    public SafeNeighbourOracle SafeNeighbour { get; } = new();

    /// <summary>Lines that begin with <c>preceding:</c>.</summary>
    public PrecedingFolioOracle PrecedingFolio { get; } = new();

    /// <summary>Lines that begin with <c>queued:</c>.</summary>
    public DoubleAddOracle DoubleAdd { get; } = new();

    /// <summary>Lines that begin with <c>recharge:</c>.</summary>
    public RechargeOracle Recharge { get; } = new();

    /// <summary>Lines that begin with <c>move:</c>.</summary>
    public MoveResultOracle MoveResult { get; } = new();

    /// <summary>Lines that begin with <c>get:</c>.</summary>
    public SplicedPageOracle SplicedPage { get; } = new();

    /// <summary>Lines that begin with <c>copy:</c>.</summary>
    public NeedlessCopyOracle NeedlessCopy { get; } = new();

    /// <summary>Lines that begin with <c>mlock:</c>.</summary>
    public MlockCountOracle MlockCount { get; } = new();

    /// <summary>Lines that begin with <c>rmap:</c>.</summary>
    public OwnAnonVmaOracle OwnAnonVma { get; } = new();

    /// <summary>All other lines.</summary>
    public ContentOracle Content { get; } = new();

    /// <summary>Reports one line.</summary>
    public void Tell(string line, IJudge judge)
    {
        if (line.StartsWith(ZapOracle.Prefix, StringComparison.Ordinal))
        {
            Zap.Tell(line[ZapOracle.Prefix.Length..].Trim(), judge);
        }
        else if (line.StartsWith(TruncationOracle.Prefix, StringComparison.Ordinal))
        {
            Truncation.Tell(line[TruncationOracle.Prefix.Length..].Trim(), judge);
        }
        else if (line.StartsWith(PrivateCopyOracle.Prefix, StringComparison.Ordinal))
        {
            PrivateCopy.Tell(line[PrivateCopyOracle.Prefix.Length..].Trim(), judge);
        }
        else if (line.StartsWith(DeviceOracle.Prefix, StringComparison.Ordinal))
        {
            Device.Tell(line[DeviceOracle.Prefix.Length..].Trim(), judge);
        }
        else if (line.StartsWith(SwapinOracle.Prefix, StringComparison.Ordinal))
        {
            Swapin.Tell(line[SwapinOracle.Prefix.Length..].Trim(), judge);
        }
        else if (line.StartsWith(UseAfterFreeOracle.Prefix, StringComparison.Ordinal))
        {
            UseAfterFree.Tell(line[UseAfterFreeOracle.Prefix.Length..].Trim(), judge);
        }
        else if (line.StartsWith(StableWritesOracle.Prefix, StringComparison.Ordinal))
        {
            StableWrites.Tell(line[StableWritesOracle.Prefix.Length..].Trim(), judge);
        }
        else if (line.StartsWith(StaleZapOracle.Prefix, StringComparison.Ordinal))
        {
            StaleZap.Tell(line[StaleZapOracle.Prefix.Length..].Trim(), judge);
        }
        else if (!TellQueue(line, judge) && !TellMove(line, judge))
        {
            Content.Tell(line, judge);
        }
    }

    private bool TellMove(string line, IJudge judge)
    {
        if (line.StartsWith(MoveResultOracle.Prefix, StringComparison.Ordinal))
        {
            MoveResult.Tell(line[MoveResultOracle.Prefix.Length..].Trim(), judge);
        }
        else if (line.StartsWith(SplicedPageOracle.Prefix, StringComparison.Ordinal))
        {
            SplicedPage.Tell(line[SplicedPageOracle.Prefix.Length..].Trim(), judge);
        }
        else if (line.StartsWith(MlockCountOracle.Prefix, StringComparison.Ordinal))
        {
            MlockCount.Tell(line[MlockCountOracle.Prefix.Length..].Trim(), judge);
        }
        else if (line.StartsWith(NeedlessCopyOracle.Prefix, StringComparison.Ordinal))
        {
            NeedlessCopy.Tell(line[NeedlessCopyOracle.Prefix.Length..].Trim(), judge);
        }
        else if (line.StartsWith(OwnAnonVmaOracle.Prefix, StringComparison.Ordinal))
        {
            OwnAnonVma.Tell(line[OwnAnonVmaOracle.Prefix.Length..].Trim(), judge);
        }
        else
        {
            return false;
        }

        return true;
    }

    private bool TellQueue(string line, IJudge judge)
    {
        if (line.StartsWith(UnqueueOracle.Prefix, StringComparison.Ordinal))
        {
            Unqueue.Tell(line[UnqueueOracle.Prefix.Length..].Trim(), judge);
        }
        else if (line.StartsWith(QueueLockOracle.Prefix, StringComparison.Ordinal))
        {
            QueueLock.Tell(line[QueueLockOracle.Prefix.Length..].Trim(), judge);
        }
        else if (line.StartsWith(SafeNeighbourOracle.Prefix, StringComparison.Ordinal))
        {
            SafeNeighbour.Tell(line[SafeNeighbourOracle.Prefix.Length..].Trim(), judge);
        }
        else if (line.StartsWith(PrecedingFolioOracle.Prefix, StringComparison.Ordinal))
        {
            PrecedingFolio.Tell(line[PrecedingFolioOracle.Prefix.Length..].Trim(), judge);
        }
        else if (line.StartsWith(DoubleAddOracle.Prefix, StringComparison.Ordinal))
        {
            DoubleAdd.Tell(line[DoubleAddOracle.Prefix.Length..].Trim(), judge);
        }
        else if (line.StartsWith(RechargeOracle.Prefix, StringComparison.Ordinal))
        {
            Recharge.Tell(line[RechargeOracle.Prefix.Length..].Trim(), judge);
        }
        else
        {
            return false;
        }

        return true;
    }
}
