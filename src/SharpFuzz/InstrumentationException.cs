using System.Diagnostics.CodeAnalysis;

namespace SharpFuzz;

/// <summary>An assembly that cannot be woven, and why.</summary>
[SuppressMessage("Design", "RCS1194", Justification = "The original has this constructor only.")]
public sealed class InstrumentationException : Exception
{
    /// <summary>An exception with that message.</summary>
    public InstrumentationException(string message)
        : base(message)
    {
    }
}
