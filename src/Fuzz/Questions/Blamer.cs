using Fuzz.Programs;
using Mm.History;

namespace Fuzz.Questions;

/// <summary>Finds the commits with which a program begins to fail, and ceases to.</summary>
/// <remarks>
/// Nobody says that a failure, once there, stays until it is fixed for good. So a range whose ends differ is bisected,
/// which finds one change; a range whose ends agree is tried era by era, and so is the whole history.
/// </remarks>
public sealed class Blamer
{
    private readonly Examiner examiner;
    private readonly IReadOnlyList<string> variants;
    private readonly Action<string>? progress;
    private readonly CancellationToken cancel;
    private readonly List<EraTrial> eras = [];
    private readonly List<Change> changes = [];

    /// <summary>A blamer of one program.</summary>
    /// <param name="program">The program.</param>
    /// <param name="oracle">The oracle whose violations count; null for any.</param>
    /// <param name="variants">The variants of the reproducer that it is from; none for a program alone.</param>
    /// <param name="budget">What is spent on each engine.</param>
    /// <param name="progress">Told the name of each era before it is tried.</param>
    /// <param name="cancel">Ends it with an <see cref="OperationCanceledException"/>.</param>
    public Blamer(
        Program program, string? oracle, IReadOnlyList<string> variants, TrialBudget budget,
        Action<string>? progress = null, CancellationToken cancel = default)
    {
        examiner = new Examiner(program, oracle, budget);
        this.variants = variants;
        this.progress = progress;
        this.cancel = cancel;
    }

    /// <summary>Tries mainline and every branch, era by era.</summary>
    public Blame Everywhere()
    {
        Scan(null, Era.Of(SourceTree.Line()));
        foreach (Branch branch in Branch.All)
        {
            Place tip = Place.Find(branch.Name)!;
            Scan(branch, Era.Of(Place.Find(branch.Base)!.To(tip)!));
        }

        FindFixesElsewhere();
        return Conclude();
    }

    /// <summary>Tries what lies between two places.</summary>
    /// <param name="branch">The branch that one of them is on, or null.</param>
    /// <param name="trees">The trees from one to the other, oldest first.</param>
    public Blame Between(Branch? branch, IReadOnlyList<SourceTree> trees)
    {
        IReadOnlyList<Era> line = Era.Of(trees);
        if (line.Count == 1 || Try(branch, line[0]).Bad == Try(branch, line[^1]).Bad)
        {
            Scan(branch, line);
        }
        else
        {
            Bisect(branch, line);
        }

        return Conclude();
    }

    private void Bisect(Branch? branch, IReadOnlyList<Era> line)
    {
        int low = 0;
        int high = line.Count - 1;
        SortedDictionary<int, EraTrial> tried = new()
        {
            [low] = Try(branch, line[low]),
            [high] = Try(branch, line[high]),
        };
        while (high - low > 1)
        {
            int middle = (low + high) / 2;
            tried[middle] = Try(branch, line[middle]);
            if (tried[middle].Bad == tried[low].Bad)
            {
                low = middle;
            }
            else
            {
                high = middle;
            }
        }

        eras.AddRange(tried.Values);
        changes.Add(new Change(branch, line[high].First.Last!, tried[high].Bad));
    }

    private void Scan(Branch? branch, IReadOnlyList<Era> line)
    {
        EraTrial? before = null;
        foreach (Era era in line)
        {
            EraTrial trial = Try(branch, era);
            if (before is not null && before.Bad != trial.Bad)
            {
                changes.Add(new Change(branch, era.First.Last!, trial.Bad));
            }

            // The base of a branch is mainline's.
            if (branch is null || !eras.Exists(known => known.Branch is null && Covers(known.Era, era)))
            {
                eras.Add(trial);
            }

            before = trial;
        }
    }

    private EraTrial Try(Branch? branch, Era era)
    {
        progress?.Invoke(era.Name);
        return new EraTrial(
            branch, era, [.. era.First.Builds.Select(build => examiner.Examine(build, cancel))]);
    }

    /// <summary>What failed on a branch only was put right before, or when, it came to mainline.</summary>
    private void FindFixesElsewhere()
    {
        foreach (Change change in changes.Where(c => c is { ToBad: true, Branch: not null }).ToArray())
        {
            foreach (Commit fix in change.Commit.Begins.Where(name => IsToBlame(change.Commit, name))
                .Select(Chronicle.EndOf).OfType<Commit>().Where(Mainline.Commits.Contains))
            {
                SourceTree tree = SourceTree.Line().First(t => t.Last == fix);
                if (!Try(null, new Era(tree, tree)).Bad)
                {
                    changes.Add(new Change(null, fix, ToBad: false));
                }
            }
        }
    }

    /// <summary>Whether it is this variant of those that a commit has brought.</summary>
    private bool IsToBlame(Commit commit, string variant) =>
        commit.Begins.Count == 1 || examiner.Examine([variant], cancel).Bad;

    private Blame Conclude()
    {
        Trial? own = null;
        if (variants.Count > 0)
        {
            progress?.Invoke($"{KernelVersion.Text} with {string.Join(", ", variants)}");
            own = examiner.Examine(variants, cancel);
        }

        return new Blame(variants, own, eras, changes)
        {
            Remedies = eras.TrueForAll(era => era.Bad) ? TryRemedies() : [],
        };
    }

    /// <summary>Where v6.18 itself is wrong, the catalog may have a fix that is in no tree yet.</summary>
    private Trial[] TryRemedies() =>
    [
        .. VariantCatalog.All.Where(variant => variant.Facts.IsFix && !Chronicle.Knows(variant.Name))
            .Select(variant => examiner.Examine([variant.Name], cancel)),
    ];

    private static bool Covers(Era mainline, Era era) => mainline.First.SameAs(era.First)
        && era.First.Last is { } commit && Mainline.Commits.Contains(commit);
}
