namespace Mm.State;

/// <summary>What has changed since the oracles last looked, as bit sets; setters of the state fill them.</summary>
public sealed class Touched
{
    /// <summary>Pages by frame number.</summary>
    public BitSet Folios { get; } = new(Kernel.FramesMin);

    /// <summary>Processes by number.</summary>
    public uint Mms { get; set; }

    /// <summary>Swap slots by number.</summary>
    public BitSet Slots { get; } = new(Kernel.SlotsMin);

    /// <summary>Files by number.</summary>
    public uint Files { get; set; }

    /// <summary>anon_vmas by slab index.</summary>
    public ulong AnonVmas { get; set; }

    /// <summary>Whether a deferred split list or its length has changed.</summary>
    public bool Queues { get; set; }

    /// <summary>Whether nothing has changed.</summary>
    public bool IsEmpty => (Mms | Files | AnonVmas) == 0 && !Queues && Folios.IsEmpty && Slots.IsEmpty;

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        Folios.Clear();
        Mms = 0;
        Slots.Clear();
        Files = 0;
        AnonVmas = 0;
        Queues = false;
    }
}
