using System.Runtime.CompilerServices;
using Mm.State;

namespace Fuzz.Oracles;

/// <summary>
/// Laws about one sort of object, each called by the name of its type, so that the call is direct and can be inlined.
/// </summary>
/// <typeparam name="T">The sort of object.</typeparam>
/// <remarks>
/// Laws run after each of tens of millions of steps a second; calls through interfaces would take most of that time. A
/// law that is broken inside a critical section makes the object a suspect: the step that broke it is kept, and blamed
/// if the law is still broken when the section is over.
/// </remarks>
internal abstract class ObjectOracles<T>(Kernel kernel, Judge judge)
{
    /// <summary>Stands for no step among suspects: the id of the start point, which touches nothing.</summary>
    protected const ushort Nobody = 0;

    /// <summary>Whose state is judged.</summary>
    protected Kernel Kernel => kernel;

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

    /// <summary>Judges a law that holds outside of critical sections.</summary>
    /// <param name="subject">The object.</param>
    /// <param name="suspect">
    /// The point whose step broke this law of this object inside a critical section, or nobody.
    /// </param>
    /// <returns>False when it is broken and has to be judged again later.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected bool Settle<TOracle>(T subject, ref ushort suspect)
        where TOracle : struct, ISettledOracle<T>
    {
        TOracle oracle = default;
        if (oracle.Holds(kernel, subject))
        {
            suspect = Nobody;
            return true;
        }

        return SettleBroken(oracle, subject, ref suspect);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool SettleBroken<TOracle>(TOracle oracle, T subject, ref ushort suspect)
        where TOracle : struct, ISettledOracle<T>
    {
        if (suspect == Nobody)
        {
            suspect = judge.Point;
        }

        if (!oracle.IsSettled(kernel, subject))
        {
            return false;
        }

        ushort now = judge.Point;
        judge.Point = suspect;
        oracle.Tell(kernel, subject, judge);
        judge.Point = now;
        suspect = Nobody;
        return true;
    }
}
