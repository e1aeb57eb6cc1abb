using Fuzz.Execution;
using Mm.State;

namespace Fuzz.Oracles;

/// <summary>A folio of the page cache that is up to date holds what its file must read.</summary>
/// <remarks>E10 for files. No message: silent data corruption.</remarks>
public readonly struct FileContentOracle : IOracle<Folio>
{
    /// <inheritdoc />
    public string Name => "file-content";

    /// <inheritdoc />
    public bool Holds(Kernel kernel, Folio subject) =>
        subject.File is not { } file || !subject.Has(PageFlag.Uptodate) || !file.Owns(subject)
        || subject.Data == file.TruthData[subject.Index];

    /// <inheritdoc />
    public void Tell(Kernel kernel, Folio subject, IJudge judge) =>
        judge.Broken(
            this, "page cache and file differ",
            $"{subject} is page {subject.Index} of {subject.File}, which must read "
            + $"{subject.File!.TruthData[subject.Index]}, and holds {subject.Data}",
            kind: LawKind.Symptom);
}
