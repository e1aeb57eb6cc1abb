using Mm.State;

namespace Fuzz.Oracles;

/// <summary>One law about the state of the kernel. A pure reader that knows nothing of how the routines work.</summary>
/// <remarks>
/// An oracle compares the kernel's own records with the ground truth kept beside them, or with each other. It keeps no
/// state, and while its law holds it allocates nothing.
/// </remarks>
public interface IOracle
{
    /// <summary>The oracle's name in signatures: lower case, words joined by hyphens.</summary>
    string Name { get; }
}

/// <summary>A law whose breach is noted as it happens, as a line of <see cref="Kernel.TruthBroken"/>.</summary>
public interface ITruthOracle : IOracle
{
    /// <summary>Reports one breach.</summary>
    /// <param name="detail">The line, without the prefix that names the law.</param>
    /// <param name="judge">Takes it down.</param>
    void Tell(string detail, IJudge judge);
}

/// <summary>A law about one object that holds after every single step, judged when the object was touched.</summary>
/// <typeparam name="T">The sort of object.</typeparam>
public interface IOracle<in T> : IOracle
{
    /// <summary>Whether the law holds. Runs millions of times a second.</summary>
    bool Holds(Kernel kernel, T subject);

    /// <summary>Says what is broken; called only when the law does not hold.</summary>
    void Tell(Kernel kernel, T subject, IJudge judge);
}

/// <summary>A law about one object that may be broken for a moment inside a critical section.</summary>
/// <typeparam name="T">The sort of object.</typeparam>
public interface ISettledOracle<in T> : IOracle<T>
{
    /// <summary>Whether the locks are free under which the law may be broken; asked only when it is broken.</summary>
    bool IsSettled(Kernel kernel, T subject);
}

/// <summary>A law about the whole state: at rest (no call in flight), or at the end (no process left).</summary>
public interface IWorldOracle : IOracle
{
    /// <summary>Looks at everything and reports what is broken.</summary>
    /// <param name="kernel">The state.</param>
    /// <param name="seen">What the execution has touched so far; all else is as it was at boot.</param>
    /// <param name="judge">Takes down what is broken.</param>
    void Check(Kernel kernel, Seen seen, IJudge judge);
}
