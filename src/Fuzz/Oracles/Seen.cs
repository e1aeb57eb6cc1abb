using Mm.State;

namespace Fuzz.Oracles;

/// <summary>
/// What an execution has touched since it began: laws about the whole state need not look at anything else.
/// </summary>
public sealed class Seen
{
    /// <summary>Folios by frame number.</summary>
    public BitSet Folios { get; } = new(Kernel.FramesMin);

    /// <summary>anon_vmas by slab index.</summary>
    public ulong AnonVmas { get; private set; }

    /// <summary>Adds what was touched just now.</summary>
    public void Add(Touched touched)
    {
        Folios.Add(touched.Folios);
        AnonVmas |= touched.AnonVmas;
    }

    /// <summary>Forgets all, for a new execution.</summary>
    public void Clear()
    {
        Folios.Clear();
        AnonVmas = 0;
    }
}
