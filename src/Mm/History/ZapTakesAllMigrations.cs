using Mm.Routines;
using Mm.State;

namespace Mm.History;

/// <summary>zap_pte_range() that takes every migration entry for one of a file's page.</summary>
[Variant(
    "zap-takes-all-migrations",
    Subject = "zap_pte_range() does not ask what it is that migrates",
    Origin = "hypothetical: the complementary mistake that Hugh Dickins warns of in the answer to seed 004",
    Fix = "the entry is treated as the page would be that it stands for: as v5.18 and later have it",
    Symptom = "a hole punch drops a private copy that is migrating: the process reads zeroes")]
public sealed class ZapTakesAllMigrations : ShouldZap
{
    /// <inheritdoc />
    protected override bool Migrating(ZapDetails details, Folio folio) => true;
}
