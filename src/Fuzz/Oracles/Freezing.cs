using System.Runtime.CompilerServices;
using Mm.State;

namespace Fuzz.Oracles;

/// <summary>When a refcount of 0 does not mean what it says.</summary>
internal static class Freezing
{
    /// <summary>
    /// Whether somebody froze the refcount to 0; a frozen count that moved anyway is judged like any other.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsFrozen(Folio folio) => folio.Frozen && folio.Refcount == 0;
}
