using System.Numerics;
using System.Runtime.CompilerServices;
using Mm.State;

namespace Fuzz.Oracles;

/// <summary>Which point's step last touched each object: a law that is judged late still names whom to blame.</summary>
internal sealed class Blame
{
    /// <summary>Point ids by frame number.</summary>
    public ushort[] Folios { get; } = new ushort[Kernel.FramesMax];

    /// <summary>Point ids by process.</summary>
    public ushort[] Mms { get; } = new ushort[Kernel.MmsMax];

    /// <summary>Point ids by slot.</summary>
    public ushort[] Slots { get; } = new ushort[Kernel.SlotsMax];

    /// <summary>Notes the point for all that was touched.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Note(Touched touched, ushort point)
    {
        for (ulong left = touched.Folios; left != 0; left &= left - 1)
        {
            Folios[BitOperations.TrailingZeroCount(left)] = point;
        }

        for (uint left = touched.Mms; left != 0; left &= left - 1)
        {
            Mms[BitOperations.TrailingZeroCount(left)] = point;
        }

        for (uint left = touched.Slots; left != 0; left &= left - 1)
        {
            Slots[BitOperations.TrailingZeroCount(left)] = point;
        }
    }
}
