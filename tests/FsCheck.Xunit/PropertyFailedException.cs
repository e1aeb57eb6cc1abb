namespace FsCheck.Xunit;

/// <summary>
/// A property that FsCheck falsified or could not test: the message is FsCheck's report with the original and the
/// shrunk arguments and the seeds to replay it, the inner exception what the property threw on the shrunk ones.
/// </summary>
public sealed class PropertyFailedException : Exception
{
    /// <summary>Makes an exception without a report.</summary>
    public PropertyFailedException()
    {
    }

    /// <summary>Makes the exception from FsCheck's report.</summary>
    public PropertyFailedException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception from FsCheck's report, and from the property's own exception or null.</summary>
    public PropertyFailedException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
