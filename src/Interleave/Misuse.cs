using System.Runtime.CompilerServices;

namespace Interleave;

/// <summary>What CONFIG_DEBUG_SPINLOCK, CONFIG_DEBUG_RWSEMS and lockdep check: a lock is given back by whoever has
/// it.</summary>
internal static class Misuse
{
    /// <summary>Stops the execution unless the lock is held by that cpu.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Unless(bool held, SharedObject what, Cpu cpu)
    {
        if (!held)
        {
            Throw(what.Name, cpu);
        }
    }

    /// <summary>The same of what is no object of points.</summary>
    public static void Throw(string what, Cpu cpu) =>
        throw new SynchronizationLockException($"{cpu} gives back {what}, which it does not hold");
}
