using Fuzz.Programs;

namespace Fuzz.Shrinking;

/// <summary>Makes failing programs as simple as it can, for any language; the only shrinker of the house.</summary>
/// <remarks>
/// After MacIver and Donaldson: Test-Case Reduction via Test-Case Generation, ECOOP 2020 (one order that decides what
/// simpler means, passes to a fixpoint, no candidate tested twice), and Zeller and Hildebrandt: Simplifying and
/// Isolating Failure-Inducing Input, TSE 2002 (chunks before single calls). Deviates from both: identifiers are renamed
/// together. Guarantees: the result fails; each step was simpler in the sense of <see cref="SimplerThan"/>, so it ends;
/// no single call can be left out, no two identifiers made one, and no number lowered by one, without losing the
/// failure.
/// </remarks>
public sealed class Shrinker(ICandidateTest test)
{
    /// <summary>Coarse before fine.</summary>
    private static readonly IShrinkPass[] Passes =
        [new RemoveCpus(), new RemoveCalls(), new RenameIdentifiers(), new SimplifyCalls(), new SimplifyShape()];

    private static readonly RemovePairs LastResort = new();

    /// <summary>Programs tested in the last run.</summary>
    public int Tests { get; private set; }

    /// <summary>Times that a simpler failing program was found in the last run.</summary>
    public int Steps { get; private set; }

    /// <summary>Every simpler program that one edit leads to: what the first round would try if nothing
    /// failed.</summary>
    /// <remarks>For shrinkers that bring their own loop, FsCheck's among them. Coarse edits come first, none comes
    /// twice.</remarks>
    public static IReadOnlyList<Program> Simpler(Program program)
    {
        Offers offers = new();
        ShrinkRun run = new(program, offers);
        foreach (IShrinkPass pass in Passes.Append(LastResort))
        {
            pass.Run(run);
        }

        return offers.All;
    }

    /// <summary>The simplest program found.</summary>
    /// <param name="failing">A program that fails; it is not tested again.</param>
    public Program Shrink(Program failing)
    {
        ShrinkRun run = new(failing, test);
        Program before;
        do
        {
            before = run.Best;
            foreach (IShrinkPass pass in Passes)
            {
                pass.Run(run);
            }

            if (ReferenceEquals(before, run.Best))
            {
                LastResort.Run(run);
            }
        }
        while (!ReferenceEquals(before, run.Best));

        Tests = run.Tests;
        Steps = run.Steps;
        return run.Best;
    }

    /// <summary>Takes down what is offered and says that it passes.</summary>
    private sealed class Offers : ICandidateTest
    {
        public List<Program> All { get; } = [];

        public bool Fails(Program candidate)
        {
            All.Add(candidate);
            return false;
        }
    }
}
