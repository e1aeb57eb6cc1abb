namespace Interleave;

/// <summary>Marks a field, or all objects of a type, on which nothing that is still to come depends: statistics,
/// caches, what only reports read. A <see cref="StateHasher"/> does not look at it.</summary>
/// <param name="reason">Why the future does not depend on it.</param>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Class | AttributeTargets.Struct, Inherited = true)]
public sealed class NotStateAttribute(string reason) : Attribute
{
    /// <summary>Why the future does not depend on it.</summary>
    public string Reason { get; } = reason;
}
