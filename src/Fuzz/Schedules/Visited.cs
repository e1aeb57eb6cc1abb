using Interleave;

namespace Fuzz.Schedules;

/// <summary>Whether a search has been in the state that its engine is in now.</summary>
/// <param name="hasher">Hashes that engine.</param>
/// <param name="memory">The states so far, perhaps of several searches.</param>
public sealed class Visited(StateHasher hasher, StateMemory memory)
{
    /// <summary>Whether there is nothing new to be seen from here; notes the state otherwise.</summary>
    /// <param name="current">The lane that would have to be preempted if another ran, where preemptions are counted; -1
    /// for none. It makes another state, for what lies within the bound depends on it.</param>
    /// <param name="preemptions">Preemptions so far: a state that was met with more has to be searched again.</param>
    public bool IsKnown(int current, int preemptions) =>
        !memory.Enter(hasher.Hash().With((ulong)(current + 1)).Finished(), preemptions);
}
