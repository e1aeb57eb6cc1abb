using Mm.State;

namespace Fuzz.Oracles;

/// <summary>A page table maps no folio of a file but the one that the page cache has.</summary>
/// <remarks>
/// T1, T2 for pages of the file: a folio is unmapped, under its lock, before it leaves the page cache. Else stores go
/// where nobody will ever find them, and loads see what was truncated. The kernel says so only if it comes by in time:
/// <c>BUG: Bad page cache</c>, still mapped when deleted.
/// </remarks>
public readonly struct FileMappingOracle : IOracle<Folio>
{
    /// <inheritdoc />
    public string Name => "file-mapping";

    /// <inheritdoc />
    public bool Holds(Kernel kernel, Folio subject) =>
        subject.TruthPtes == 0 || subject.Head.Anon || (subject.File is { } file && file.Owns(subject));

    /// <inheritdoc />
    public void Tell(Kernel kernel, Folio subject, IJudge judge) =>
        judge.Broken(
            this, "mapped folio is not in the page cache",
            $"{subject}: {subject.TruthPtes} page table entries, mapping {subject.File?.ToString() ?? "NULL"}, index "
            + $"{subject.Index}",
            "BUG: Bad page cache");
}
