using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>pmd_modify() of x86, which forgets that the hardware has set the dirty bit.</summary>
/// <remarks>
/// Of what the engine has, nothing depends on that bit: it shows where the mapping is split and the folio is not dirty.
/// In Linux MADV_FREE of a THP does, which the engine leaves alone: what was stored after it is lost.
/// </remarks>
[Variant(
    Name,
    Subject = "mprotect makes the PMD mapping of a THP that was stored to a clean one",
    Origin = "bb3aadf7d446 \"x86/mm: Start actually marking _PAGE_SAVED_DIRTY\" (v6.6); on x86 alone",
    Fix = "f7491d7c81db \"x86/mm: Fix user-space data loss with MADV_FREE and THP\" (v7.3-rc4)",
    IsHarmless = true,
    Symptom = "memory that was stored to after MADV_FREE reads as zeroes")]
public sealed class PmdModifyDropsDirty : Mprotect
{
    /// <summary>Its name, for what runs on x86.</summary>
    public const string Name = "pmd-modify-drops-dirty";

    /// <inheritdoc />
    protected override Pmd ModifyPmd(Pmd old) =>
        old.Writable ? old.Without(PteFlag.Write | PteFlag.Dirty) : base.ModifyPmd(old);
}
