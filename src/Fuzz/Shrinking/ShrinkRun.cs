using Fuzz.Programs;

namespace Fuzz.Shrinking;

/// <summary>One run of the shrinker: the simplest failing program so far, and what was tried.</summary>
internal sealed class ShrinkRun(Program failing, ICandidateTest test)
{
    /// <summary>Asked for membership only: its order never matters.</summary>
    private readonly HashSet<Program> tried = [failing];

    /// <summary>The simplest program that is known to fail.</summary>
    public Program Best { get; private set; } = failing;

    /// <summary>Programs that were tested.</summary>
    public int Tests { get; private set; }

    /// <summary>Programs that were simpler and failed.</summary>
    public int Steps { get; private set; }

    /// <summary>Makes the candidate the best one if it is simpler and fails. No candidate is tested twice.</summary>
    public bool Try(Program? candidate)
    {
        if (candidate is null || !SimplerThan.Holds(candidate, Best) || !tried.Add(candidate))
        {
            return false;
        }

        Tests++;
        if (!test.Fails(candidate))
        {
            return false;
        }

        Steps++;
        Best = candidate;
        return true;
    }
}
