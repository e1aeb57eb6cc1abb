using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;
using Interleave;

namespace Fuzz.Shrinking;

/// <summary>The schedule with the fewest preemptions that fails, and what is proven about all with fewer.</summary>
/// <param name="Schedule">The schedule.</param>
/// <param name="Preemptions">Its preemptions.</param>
/// <param name="IsProven">Whether every schedule with fewer was executed.</param>
/// <param name="Statement">One sentence for the header of a reproducer.</param>
/// <param name="Executions">Executions that the search took.</param>
public sealed record FewestPreemptions(
    Schedule Schedule, int Preemptions, bool IsProven, string Statement, long Executions)
{
    /// <summary>Executes all schedules with 0 preemptions, with at most 1 ... until one fails.</summary>
    /// <param name="test">Executes, and knows a schedule that fails: the answer if the budget ends first.</param>
    /// <param name="executor">The executor of that test.</param>
    /// <param name="program">A program that fails under <see cref="ReproductionTest.Schedule"/>.</param>
    /// <param name="executionsMax">The budget.</param>
    /// <exception cref="InvalidOperationException">It does not fail under that schedule.</exception>
    public static FewestPreemptions Find(
        ReproductionTest test, Executor executor, Program program, long executionsMax)
    {
        Machine machine = executor.Engine.Machine;
        if (!test.Execute(program, new ReplayScheduler(test.Schedule, machine.Points, strict: false)))
        {
            throw new InvalidOperationException($"the program does not fail under the schedule '{test.Schedule}'");
        }

        executor.ComparesStates = true;
        long before = test.Executions;
        int known = machine.Preemptions;
        SearchResult result = ExhaustiveSearch.Ascending(
            search => !test.Execute(program, search), known, executionsMax, executor.States);
        long executions = test.Executions - before;
        if (result is Found found)
        {
            return new FewestPreemptions(
                test.Schedule, found.Preemptions, true, Say(found.Below), executions);
        }

        // The budget ended: what was known before is still the best.
        Bounded below = result as Bounded ?? new Bounded(-1, 0);
        string statement = $"the search for fewer than {Times(known)} ended after {executions} executions";
        statement = below.Preemptions < 0 ? statement : $"{statement}; {Say(below)}";
        return new FewestPreemptions(test.Schedule, known, known == 0, statement, executions);
    }

    private static string Say(Bounded? below)
    {
        if (below is null)
        {
            return "it fails without any preemption";
        }

        string bound = below.Preemptions == 0 ? "0 preemptions" : $"at most {Times(below.Preemptions)}";
        return $"no schedule with {bound} fails ({below.Executions} executions)";
    }

    private static string Times(int preemptions) => preemptions == 1 ? "1 preemption" : $"{preemptions} preemptions";
}
