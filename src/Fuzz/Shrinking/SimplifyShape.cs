using Fuzz.Programs;

namespace Fuzz.Shrinking;

/// <summary>Moves each number of the shape to its simplest value, or as near to it as still fails.</summary>
internal sealed class SimplifyShape : IShrinkPass
{
    /// <inheritdoc />
    public void Run(ShrinkRun run)
    {
        IReadOnlyList<ShapeField> fields = run.Best.Language.Shape;
        for (int field = 0; field < fields.Count; field++)
        {
            int simplest = fields[field].Simplest;
            while (run.Best.Shape[field] != simplest && !run.Try(run.Best.WithShape(field, simplest)))
            {
                // Halves of the way: each turn comes nearer to what is there, or ends at it.
                int there = run.Best.Shape[field];
                int nearer = simplest + (there - simplest) / 2;
                while (nearer != there && !run.Try(run.Best.WithShape(field, nearer)))
                {
                    int rest = there - nearer;
                    nearer += rest / 2 == 0 ? rest : rest / 2;
                }

                if (nearer == there)
                {
                    break;
                }
            }
        }
    }
}
