using System.Runtime.CompilerServices;
using Mm.State;

namespace Fuzz.Oracles;

/// <summary>Laws about one sort of object, by the name of a type: every call is direct and can be inlined.</summary>
/// <typeparam name="T">The sort of object.</typeparam>
/// <remarks>Laws run after each of tens of millions of steps a second; calls through interfaces would take most of that time.</remarks>
internal abstract class ObjectOracles<T>(Kernel kernel, IJudge judge)
{
    /// <summary>Every law, causes before consequences.</summary>
    public abstract IReadOnlyList<IOracle> All { get; }

    /// <summary>Judges a law that holds after every step.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected void Check<TOracle>(T subject)
        where TOracle : struct, IOracle<T>
    {
        TOracle oracle = default;
        if (!oracle.Holds(kernel, subject))
        {
            oracle.Tell(kernel, subject, judge);
        }
    }

    /// <summary>Judges a law that holds outside of critical sections; false when it has to be judged later.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected bool Settle<TOracle>(T subject)
        where TOracle : struct, ISettledOracle<T>
    {
        TOracle oracle = default;
        if (!oracle.IsSettled(kernel, subject))
        {
            return false;
        }

        if (!oracle.Holds(kernel, subject))
        {
            oracle.Tell(kernel, subject, judge);
        }

        return true;
    }
}
