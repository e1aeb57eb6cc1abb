namespace SharpFuzz;

/// <summary>An assembly that cannot be woven, and why.</summary>
public sealed class InstrumentationException : Exception
{
    /// <summary>An exception with that message.</summary>
    public InstrumentationException(string message)
        : base(message)
    {
    }
}
