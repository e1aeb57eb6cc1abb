using Fuzz.Programs;

namespace Fuzz.Shrinking;

/// <summary>Says whether a program still fails in the way that is being shrunk.</summary>
public interface ICandidateTest
{
    /// <summary>Whether the candidate fails with the signature that is being chased: another failure is none.</summary>
    bool Fails(Program candidate);
}
