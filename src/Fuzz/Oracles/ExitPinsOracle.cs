using Mm.State;

namespace Fuzz.Oracles;

/// <summary>At the end no device holds a pin, and nobody sleeps for a folio.</summary>
/// <remarks>X3. Judges the end of the world itself: it gives back all pins before the last page is freed.</remarks>
public sealed class ExitPinsOracle : IWorldOracle
{
    /// <inheritdoc />
    public string Name => "exit-pins";

    /// <inheritdoc />
    public void Check(Kernel kernel, Seen seen, IJudge judge)
    {
        foreach (Pin pin in kernel.Pins)
        {
            if (pin.Folio is not null)
            {
                judge.Broken(this, "pin was never given back", $"{pin.Folio}: pinned through {pin.Mm} page {pin.Page}");
            }
        }

        foreach (int pfn in seen.Folios)
        {
            Folio folio = kernel.Folios[pfn];
            if (folio.WaitQueue.HasSleepers)
            {
                judge.Broken(
                    this, "sleeper was never woken", $"{folio}: flags {folio.Flags}",
                    "INFO: task blocked for more than 120 seconds.");
            }
        }
    }
}
