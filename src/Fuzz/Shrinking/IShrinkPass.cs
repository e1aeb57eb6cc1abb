namespace Fuzz.Shrinking;

/// <summary>One way of making programs simpler. It offers finitely many candidates and need not reach its own
/// fixpoint.</summary>
internal interface IShrinkPass
{
    /// <summary>Offers candidates to the run.</summary>
    void Run(ShrinkRun run);
}
