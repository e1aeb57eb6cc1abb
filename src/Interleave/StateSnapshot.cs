namespace Interleave;

/// <summary>A state of an engine that can be put back: copies of all that a <see cref="StateHasher"/> saw.</summary>
/// <remarks>The objects stay the same ones, so whoever holds one still holds it. What came into being later is no
/// longer reached.</remarks>
public sealed class StateSnapshot
{
    private readonly List<Kept> objects = [];

    /// <summary>What was saved, in the order in which it was met.</summary>
    internal IReadOnlyList<Kept> Objects => objects;

    internal void Add(object target)
    {
        if (StateCopy.For(target.GetType()) is { } copy)
        {
            objects.Add(new Kept(target, copy.Save(target), copy, StateWalk.For(target.GetType())));
        }
    }

    /// <summary>Puts the state back.</summary>
    public void Restore()
    {
        foreach (Kept kept in objects)
        {
            if (!kept.IsAsSaved)
            {
                kept.Copy.Restore(kept.Target, kept.Saved);
            }
        }
    }

    /// <summary>An object, and what it held.</summary>
    internal sealed record Kept(object Target, object Saved, StateCopy Copy, StateWalk Walk)
    {
        public bool IsAsSaved => Copy.IsAs(Target, Saved);
    }
}
