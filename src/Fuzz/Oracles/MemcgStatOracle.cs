using Mm.State;

namespace Fuzz.Oracles;

/// <summary>Only the memcg that a folio is charged to counts mapped pages of it.</summary>
/// <remarks>
/// B5 before it shows: a mapcount's transition and the change of its statistics happen for one memcg. Judged while
/// nobody holds the move_lock of a memcg, under which charge moving takes both along. Of a small folio the count is
/// never below 0 either: each removal follows its own addition. The kernel has no message: memory.stat is wrong for
/// ever after.
/// </remarks>
public readonly struct MemcgStatOracle : ISettledOracle<Folio>
{
    /// <inheritdoc />
    public string Name => "memcg-stat";

    /// <inheritdoc />
    public bool IsSettled(Kernel kernel, Folio subject)
    {
        foreach (Memcg memcg in kernel.Memcgs.All)
        {
            if (memcg.MoveLock.Holder is not null)
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc />
    public bool Holds(Kernel kernel, Folio subject) => !subject.TruthBookedElsewhere && !IsBelow(subject);

    /// <inheritdoc />
    public void Tell(Kernel kernel, Folio subject, IJudge judge)
    {
        if (subject.Memcg is null)
        {
            judge.Broken(
                this, "mapped page is counted after the folio was uncharged",
                $"{subject}: mapcount {subject.Mapcount}");
            return;
        }

        foreach (Memcg memcg in kernel.Memcgs.All)
        {
            int pages = subject.TruthBooked(memcg);
            if (pages != 0 && memcg != subject.Memcg)
            {
                judge.Broken(
                    this, "mapped page is counted in another memcg than it is charged to",
                    $"{subject}: charged to {subject.Memcg}, but {memcg} counts {pages} mapped pages of it");
                return;
            }
        }

        judge.Broken(
            this, "more unmapped pages counted than mapped ones",
            $"{subject}: {subject.Memcg} counts {subject.TruthBooked(subject.Memcg!)} mapped pages of it");
    }

    private static bool IsBelow(Folio folio) =>
        folio.Memcg is { } memcg && !folio.IsLarge && folio.TruthBooked(memcg) < 0;
}
