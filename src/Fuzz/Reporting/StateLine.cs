namespace Fuzz.Reporting;

/// <summary>What a line of an engine's state is about, in the order in which it is shown.</summary>
public enum StateGroup
{
    /// <summary>Where each lane is, what it holds and what it waits for.</summary>
    Cpus,

    /// <summary>What the kernel has printed.</summary>
    Console,

    /// <summary>Page tables: PMD entries and PTEs that are not empty.</summary>
    PageTables,

    /// <summary>Folios that are in use.</summary>
    Folios,

    /// <summary>Swap slots.</summary>
    Slots,

    /// <summary>Files: pages in the page cache, in swap or on the disk.</summary>
    Files,

    /// <summary>Translations that a cpu has cached.</summary>
    Tlbs,

    /// <summary>Processes and their counters.</summary>
    Processes,

    /// <summary>Mapped ranges.</summary>
    Vmas,

    /// <summary>Memory cgroups.</summary>
    Memcgs,
}

/// <summary>One value of an object: <c>refcount 3</c>.</summary>
/// <param name="Name">Of the field; empty when the value says it all.</param>
/// <param name="Value">In words.</param>
public readonly record struct StateField(string Name, string Value)
{
    /// <inheritdoc />
    public override string ToString() => Name.Length == 0 ? Value : $"{Name} {Value}";
}

/// <summary>One object of an engine's state at one moment.</summary>
/// <param name="Group">What sort of object.</param>
/// <param name="Order">Its place in the group.</param>
/// <param name="Name">The object: <c>folio 0</c>.</param>
/// <param name="Fields">Its values; the same fields in the same order at each moment.</param>
public sealed record StateLine(StateGroup Group, int Order, string Name, IReadOnlyList<StateField> Fields);
