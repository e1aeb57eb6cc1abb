namespace Mm.State;

/// <summary>A line that the kernel would print about its own state.</summary>
/// <param name="Text">The message or the macro that fires.</param>
/// <param name="Function">The kernel function that says it.</param>
/// <param name="Subject">The object it is about.</param>
public sealed record KernelMessage(string Text, string Function, string Subject);
