using Mm.Routines;

namespace Mm.History;

/// <summary>try_to_unmap_one() that drops a clean lazyfree folio whoever has a reference on it.</summary>
[Variant(
    "lazyfree-ignores-references",
    Subject = "no look at the references of a lazyfree folio before it is dropped",
    Origin = "hypothetical: what the test of ref_count against map_count is for",
    Fix = "ref_count is compared with 1 + map_count after the entry was cleared: as every kernel since v5.17 has it",
    Symptom = "a device goes on with a page that the process no longer has: its data is lost")]
public sealed class LazyfreeIgnoresReferences : MadviseFree
{
    /// <inheritdoc />
    protected override bool IsReferenced(int references, int mappings) => false;
}
