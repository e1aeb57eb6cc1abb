namespace Mm.State;

/// <summary>What has changed since the oracles last looked, as bit sets; setters of the state fill them.</summary>
public sealed class Touched
{
    /// <summary>Folios by frame number.</summary>
    public ulong Folios;

    /// <summary>Processes by number.</summary>
    public uint Mms;

    /// <summary>Swap slots by number.</summary>
    public uint Slots;

    /// <summary>anon_vmas by slab index.</summary>
    public ulong AnonVmas;

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        Folios = 0;
        Mms = 0;
        Slots = 0;
        AnonVmas = 0;
    }
}
