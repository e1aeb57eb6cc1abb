namespace Mm.State;

/// <summary>vm_flags, as far as the engine has them (include/linux/mm.h, v6.18).</summary>
[Flags]
public enum VmaFlag : byte
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>VM_WRITE.</summary>
    Write = 1,

    /// <summary>VM_DONTCOPY: fork leaves it out.</summary>
    DontCopy = 2,

    /// <summary>VM_LOCKED: mlock.</summary>
    Locked = 4,

    /// <summary>VM_IO, which no VMA here has but while mlock goes through its pages.</summary>
    Io = 8,
}
