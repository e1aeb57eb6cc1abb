using Fuzz.Execution;

namespace Fuzz.Oracles;

/// <summary>A process that holds a reference to a page does not see through it what another process stores.</summary>
/// <remarks>
/// Noted where a pipe's page is read. A reference for reading does not break COW, and may outlive the mapping: whoever
/// else maps the page must copy it before storing (CVE-2020-29374). No message: private data leaks.
/// </remarks>
public sealed class SplicedPageOracle : ITruthOracle
{
    /// <summary>How lines for this oracle begin in <see cref="Mm.State.Kernel.TruthBroken"/>.</summary>
    public const string Prefix = "get:";

    /// <inheritdoc />
    public string Name => "spliced-page";

    /// <inheritdoc />
    public void Tell(string detail, IJudge judge) =>
        judge.Broken(this, "stores of another process are seen", detail, kind: LawKind.Symptom);
}
