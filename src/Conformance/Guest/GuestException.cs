using System.Diagnostics.CodeAnalysis;

namespace Conformance.Guest;

/// <summary>A real kernel cannot be had here, or one that ran is gone. The message is meant for a person, as it
/// stands.</summary>
/// <param name="message">What is wrong, and what to do about it.</param>
/// <param name="cause">What told, or null.</param>
[SuppressMessage("Design", "RCS1194", Justification = "Without what is wrong it is of no use.")]
public sealed class GuestException(string message, Exception? cause = null) : Exception(message, cause);
