using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>vma_merge_new_range() that does not know what mremap copies: an unfaulted neighbour covers the copied pages
/// and gets no anon_vma, so that theirs goes with the VMA that they came from.</summary>
[Variant(
    "mremap-forgets-anon-vma",
    Subject = "mm/vma: fix incorrectly disallowed anonymous VMA merges",
    Origin = "879bca0a2c4f (v6.16), 2025-03",
    Fix = "61f67c230a5e (v6.18.8, v6.19), 2026-01",
    Symptom = "use after free of an anon_vma (syzbot)")]
public sealed class MremapForgetsAnonVma : VmaModify
{
    /// <inheritdoc />
    protected override Flow DuplicateCopied(Cpu cpu, Vma target, Vma? source) => default;

    /// <inheritdoc />
    protected override bool CanShareCopied(Vma source, Vma other) =>
        other.AnonVma is null || CanShare(source, other);
}
