namespace SharpFuzz;

/// <summary>A fuzzing body that takes its input as bytes; the span is valid only during the call.</summary>
/// <param name="span">The input, at most 1 MiB under libFuzzer.</param>
public delegate void ReadOnlySpanAction(ReadOnlySpan<byte> span);
