using Mm.State;

namespace Fuzz.Oracles;

/// <summary>While somebody sleeps for a bit of a folio, PG_waiters is set.</summary>
/// <remarks>
/// E13. Without it the unlock wakes nobody: the kernel only says that a task hangs, two minutes later.
/// </remarks>
public readonly struct WaitersOracle : IOracle<Folio>
{
    /// <inheritdoc />
    public string Name => "waiters";

    /// <inheritdoc />
    public bool Holds(Kernel kernel, Folio subject) =>
        subject.Has(PageFlag.Waiters) || !subject.WaitQueue.HasSleepers;

    /// <inheritdoc />
    public void Tell(Kernel kernel, Folio subject, IJudge judge) =>
        judge.Broken(
            this, "sleeper without PG_waiters", $"{subject}: somebody sleeps, flags {subject.Flags}",
            "INFO: task blocked for more than 120 seconds.");
}
