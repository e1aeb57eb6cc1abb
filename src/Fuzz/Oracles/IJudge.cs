using Fuzz.Execution;

namespace Fuzz.Oracles;

/// <summary>Takes down broken laws.</summary>
public interface IJudge
{
    /// <summary>
    /// Reports that a law is broken. Only the first report of one law of one oracle counts in an execution.
    /// </summary>
    /// <param name="oracle">Who says so.</param>
    /// <param name="law">Which of its laws: a constant, free of numbers, as it is part of the signature.</param>
    /// <param name="detail">The objects and values.</param>
    /// <param name="message">What the kernel would print, sooner or later, or null if nothing ever.</param>
    /// <param name="kind">Precursor, unless the kernel or a user notices at once.</param>
    void Broken(
        IOracle oracle, string law, string detail, string? message = null, LawKind kind = LawKind.Precursor);

    /// <summary>Reports what a named kernel function noticed itself.</summary>
    /// <param name="oracle">Who says so.</param>
    /// <param name="law">The message without its particulars.</param>
    /// <param name="routine">The kernel function that noticed.</param>
    /// <param name="detail">The objects and values.</param>
    /// <param name="message">The whole message.</param>
    void Noticed(IOracle oracle, string law, string routine, string detail, string message);
}
