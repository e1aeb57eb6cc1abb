using Mm.State;

namespace Fuzz.Oracles;

/// <summary>The anon_vma of a mapped folio is alive: not back in its slab, and referenced.</summary>
/// <remarks>
/// A4. Unmapping lowers the mapcount before the VMA leaves its anon_vmas; a mapcount that outlives them sends the
/// reverse map into freed memory. v6.18.4 warns in the rmap checks; else KASAN sees a use after free.
/// </remarks>
public readonly struct AnonVmaLiveOracle : IOracle<Folio>, IOracle<AnonVma>
{
    /// <inheritdoc />
    public string Name => "anon-vma-live";

    /// <inheritdoc />
    public bool Holds(Kernel kernel, Folio subject) =>
        !subject.Mapped || subject.Mapping is null || IsLive(subject.Mapping);

    /// <inheritdoc />
    public bool Holds(Kernel kernel, AnonVma subject) => IsLive(subject) || MappedFolio(kernel, subject) is null;

    /// <inheritdoc />
    public void Tell(Kernel kernel, Folio subject, IJudge judge)
    {
        AnonVma anonVma = subject.Mapping!;
        judge.Broken(
            this, anonVma.Freed ? "mapped folio with a freed anon_vma" : "mapped folio with an unreferenced anon_vma",
            $"{subject}: mapcount {subject.Mapcount}, {anonVma} refcount {anonVma.Refcount}",
            "VM_WARN_ON_FOLIO(atomic_read(&anon_vma->refcount) == 0)");
    }

    /// <inheritdoc />
    public void Tell(Kernel kernel, AnonVma subject, IJudge judge) =>
        Tell(kernel, MappedFolio(kernel, subject)!, judge);

    private static bool IsLive(AnonVma anonVma) => !anonVma.Freed && anonVma.Refcount >= 1;

    private static Folio? MappedFolio(Kernel kernel, AnonVma anonVma)
    {
        foreach (Folio folio in kernel.UsedFolios)
        {
            if (folio.Mapping == anonVma && folio.Mapped)
            {
                return folio;
            }
        }

        return null;
    }
}
