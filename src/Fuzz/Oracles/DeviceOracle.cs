using Fuzz.Execution;

namespace Fuzz.Oracles;

/// <summary>
/// A device sees through its pin what the process has in that page, and the process what the device wrote.
/// </summary>
/// <remarks>
/// Holds until the address is zapped. Noted where a device reads or writes. No message: silent data corruption.
/// </remarks>
public sealed class DeviceOracle : ITruthOracle
{
    /// <summary>How lines for this oracle begin in <see cref="Mm.State.Kernel.TruthBroken"/>.</summary>
    public const string Prefix = "pin:";

    /// <inheritdoc />
    public string Name => "device";

    /// <inheritdoc />
    public void Tell(string detail, IJudge judge) =>
        judge.Broken(this, "device and process see different pages", detail, kind: LawKind.Symptom);
}
