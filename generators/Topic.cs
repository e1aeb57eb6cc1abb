namespace Generators;

/// <summary>A subsystem of the kernel, or the whole of what every program may use.</summary>
public enum Topic
{
    /// <summary>Faults, fork, swap, unmapping, reclaim and migration of small folios: never left out.</summary>
    Core,

    /// <summary>Large folios.</summary>
    Large,

    /// <summary>Large folios that go to swap whole.</summary>
    LargeSwap,

    /// <summary>More than one memory cgroup.</summary>
    Memcg,

    /// <summary>Devices that pin pages and write to them.</summary>
    Devices,

    /// <summary>Equal pages, and ksmd, which merges them.</summary>
    Ksm,

    /// <summary>MADV_FREE and MADV_COLD.</summary>
    Advice,

    /// <summary>VMAs with rights and flags of their own.</summary>
    Vmas,

    /// <summary>Memory failures.</summary>
    Poison,

    /// <summary>Pages that change their address.</summary>
    Moves,

    /// <summary>Pipes that have pages.</summary>
    Pipes,

    /// <summary>Pages that are locked in memory.</summary>
    Mlock,

    /// <summary>Mapped files.</summary>
    Files,
}
