using Fuzz.Coverage;
using Fuzz.Programs;
using Fuzz.Schedules;

namespace Fuzz.Campaign;

/// <summary>Who an <see cref="Exploration"/> works for: a campaign's worker, a hunt, a measurement.</summary>
public interface IExplorationListener
{
    /// <summary>Whether another execution may begin.</summary>
    bool MayGoOn { get; }

    /// <summary>A program was drawn or made; it runs next.</summary>
    void OnProgram(Program program)
    {
    }

    /// <summary>The execution that has just ended showed something new. The engine is as it left it.</summary>
    /// <param name="testCase">What ran, and how.</param>
    /// <param name="novelty">How much was new.</param>
    void OnNovelty(TestCase testCase, Novelty novelty)
    {
    }

    /// <summary>The execution that has just ended broke a law. The engine is as it left it.</summary>
    /// <param name="program">What ran.</param>
    /// <returns>Whether the program's other schedules are still of interest.</returns>
    bool OnFailure(Program program);
}
