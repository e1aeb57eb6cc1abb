using System.Globalization;

namespace Conformance.Guest;

/// <summary>What one operation said: its result, and the lines that belong to it. The protocol is in the README of
/// the folder above.</summary>
/// <param name="Result">Without the leading <c>= </c>: <c>0</c>, <c>-EINVAL</c>, <c>sig7</c>, <c>none</c> ...</param>
/// <param name="Lines">Further lines, as they came.</param>
public sealed record Reply(string Result, IReadOnlyList<string> Lines)
{
    /// <summary>Whether the result is a number, zero included.</summary>
    public bool Ok => ulong.TryParse(Result, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    /// <summary>The result as a number.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public ulong Value => ulong.Parse(Result, NumberStyles.None, CultureInfo.InvariantCulture);

    /// <summary>The name of the error (<c>EINVAL</c>), or null when the call did not fail with one.</summary>
    public string? Error => Result.Length > 1 && Result[0] == '-' ? Result[1..] : null;
}
