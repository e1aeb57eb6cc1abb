using Fuzz.Coverage;
using Fuzz.Execution;
using Fuzz.Schedules;
using Fuzz.Shrinking;
using Interleave;

namespace Fuzz.Campaign;

/// <summary>The fewest test cases that show what many show.</summary>
/// <remarks>
/// As AFL++'s afl-cmin and libFuzzer's <c>-set_cover_merge</c>, exactly: each execution is a set of features
/// (<see cref="FeatureSet"/>), and of a family of sets a small one is chosen that covers the same: greedily, each
/// time the one that adds most, the simpler one of equals; then each chosen one is dropped again if the others cover
/// it. Greedy choice is at most ln(n) times the minimum (Chvatal 1979). Deviates: what is chosen are executions, so
/// that the text of each is a program and all its turns.
/// </remarks>
public sealed class CorpusMinimum
{
    private readonly Executor executor;
    private readonly TestCaseRunner runner;
    private readonly FeatureSet features;
    private readonly Dictionary<ulong, int> numbers = [];
    private readonly List<(TestCase TestCase, int[] Features)> candidates = [];

    /// <summary>A minimum of what will be added.</summary>
    /// <param name="engine">What runs it.</param>
    /// <param name="feedback">Which features count.</param>
    public CorpusMinimum(IEngine engine, Feedback feedback)
    {
        executor = new Executor(engine);
        runner = new TestCaseRunner(executor);
        features = new FeatureSet(engine.Machine.Points, feedback);
    }

    /// <summary>Different features that were seen.</summary>
    public int Features => numbers.Count;

    /// <summary>Executions that were seen.</summary>
    public int Executions => candidates.Count;

    /// <summary>Runs a test case, as often as it is worth it.</summary>
    public void Add(TestCase testCase)
    {
        if (!EdgeMap.IsStable)
        {
            WarmUp(testCase);
        }

        runner.Begin(testCase);
        EdgeMap.Begin();
        while (runner.Next())
        {
            Machine machine = executor.Engine.Machine;
            features.Clear();
            features.Add(machine);
            if (features.All.Count > 0)
            {
                candidates.Add((new TestCase(testCase.Program, Schedule.FromTrace(machine)), Number(features.All)));
            }

            EdgeMap.Begin();
        }
    }

    /// <summary>The chosen ones, those that add most first.</summary>
    /// <param name="countMax">No more than so many.</param>
    /// <param name="shown">Features that they show.</param>
    public IReadOnlyList<TestCase> Choose(int countMax, out int shown)
    {
        candidates.Sort((a, b) => SimplerThan.Order.Compare(a.TestCase.Program, b.TestCase.Program));
        List<int> chosen = Greedy(out int[] times);
        for (int i = chosen.Count - 1; i >= 0; i--)
        {
            int[] shows = candidates[chosen[i]].Features;
            if (Array.TrueForAll(shows, feature => times[feature] > 1))
            {
                Array.ForEach(shows, feature => times[feature]--);
                chosen.RemoveAt(i);
            }
        }

        shown = chosen.Take(countMax).SelectMany(index => candidates[index].Features).Distinct().Count();
        return [.. chosen.Take(countMax).Select(index => candidates[index].TestCase)];
    }

    private void WarmUp(TestCase testCase)
    {
        runner.Begin(testCase);
        while (runner.Next())
        {
            // Whatever happens once happens here.
        }
    }

    /// <summary>Gains only fall, so the one at the head whose gain has not changed is the best.</summary>
    private List<int> Greedy(out int[] times)
    {
        PriorityQueue<int, (int NegativeGain, int Index)> heap = new();
        for (int i = 0; i < candidates.Count; i++)
        {
            heap.Enqueue(i, (-candidates[i].Features.Length, i));
        }

        int[] covered = new int[numbers.Count];
        List<int> chosen = [];
        while (heap.TryDequeue(out int index, out (int NegativeGain, int Index) told))
        {
            int gain = candidates[index].Features.Count(feature => covered[feature] == 0);
            if (gain == -told.NegativeGain)
            {
                chosen.Add(index);
                Array.ForEach(candidates[index].Features, feature => covered[feature]++);
            }
            else if (gain > 0)
            {
                heap.Enqueue(index, (-gain, index));
            }
        }

        times = covered;
        return chosen;
    }

    private int[] Number(IReadOnlyCollection<ulong> met)
    {
        int[] result = new int[met.Count];
        int at = 0;
        foreach (ulong feature in met)
        {
            if (!numbers.TryGetValue(feature, out int number))
            {
                number = numbers.Count;
                numbers.Add(feature, number);
            }

            result[at++] = number;
        }

        return result;
    }
}
