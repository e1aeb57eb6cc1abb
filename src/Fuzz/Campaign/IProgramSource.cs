using Fuzz.Programs;
using Interleave;

namespace Fuzz.Campaign;

/// <summary>Where programs come from: the one thing that a campaign asks of the generators.</summary>
public interface IProgramSource
{
    /// <summary>A fresh random program.</summary>
    Program Fresh(Rng rng);
}
