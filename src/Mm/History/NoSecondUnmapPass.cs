using Interleave;
using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>Truncation that unmaps before it empties the page cache only.</summary>
[Variant(
    "no-second-unmap-pass",
    Subject = "truncate_pagecache() and shmem_setattr() unmap once",
    Origin = "hypothetical: what the second unmap_mapping_range() of a truncation is for",
    Fix = "the second pass: as every kernel has it",
    Symptom = "a private copy that a fault has made while the truncation went on stays behind the end of the file")]
public sealed class NoSecondUnmapPass : Truncate
{
    /// <inheritdoc />
    public override Flow UnmapAgain(Cpu cpu, Inode file, int start) => Flow.Done;
}
