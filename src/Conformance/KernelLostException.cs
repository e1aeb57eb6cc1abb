using System.Diagnostics.CodeAnalysis;

namespace Conformance;

/// <summary>A real kernel does not answer any more: it has panicked, hangs, or its emulator has ended. The next
/// <see cref="IKernelSide.Reset"/> starts another one.</summary>
/// <param name="message">What was seen last.</param>
/// <param name="cause">What told, or null.</param>
[SuppressMessage("Design", "RCS1194", Justification = "Without what was seen it is of no use.")]
public sealed class KernelLostException(string message, Exception? cause = null) : Exception(message, cause);
