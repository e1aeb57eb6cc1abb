namespace Fuzz.Programs;

/// <summary>What a call can do at its place in a program, whatever the schedule.</summary>
public enum CallEffect
{
    /// <summary>Something, perhaps.</summary>
    Some,

    /// <summary>Its lane forgets what it has cached, as after any other call of which only that much can be
    /// said.</summary>
    Forgets,

    /// <summary>Nothing: without it the program does the same.</summary>
    None,
}

/// <summary>Which programs of a language do the same, so that only one of them needs to be explored. This knows nothing
/// of its language: no two do. An engine says more in a class of its own.</summary>
/// <remarks>All of it is about every schedule of a program: what it says must hold on the engine and on each of its
/// variants, for a proof rests on it.</remarks>
public class Sameness
{
    /// <summary>In place of a field of the shape: the lanes.</summary>
    public const int Lanes = -1;

    /// <summary>The first of the identifiers under a field that are alike in the fresh world, as all after it are: one
    /// may take the place of another in a program that has no call which <see cref="Walks"/> them.</summary>
    /// <param name="shape">The shape of the world.</param>
    /// <param name="field">Index of the field.</param>
    public virtual int FirstAlike(int[] shape, int field) => int.MaxValue;

    /// <summary>Whether a call goes through the members of a field, or the <see cref="Lanes"/>, in the order of their
    /// numbers, so that it makes a difference which number each has.</summary>
    /// <param name="call">The call.</param>
    /// <param name="field">Index of the field.</param>
    public virtual bool Walks(Call call, int field) => true;

    /// <summary>Whether a call with smaller arguments does the same, or whether it names one thing twice where that
    /// leaves nothing to be done.</summary>
    /// <param name="shape">The shape of the world.</param>
    /// <param name="call">The call.</param>
    public virtual bool IsRedundant(int[] shape, Call call) => false;

    /// <summary>What a call can do at its place.</summary>
    /// <param name="lanes">The calls of each lane; those of the setup come first in the first one.</param>
    /// <param name="lane">Which lane.</param>
    /// <param name="index">Which of its calls.</param>
    public virtual CallEffect EffectOf(Call[][] lanes, int lane, int index) => CallEffect.Some;
}
