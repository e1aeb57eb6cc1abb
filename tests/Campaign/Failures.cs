using Fuzz.Campaign;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Reporting;
using Fuzz.Schedules;
using Mm;

namespace Tests.Campaign;

/// <summary>A failure of a known variant, small enough to be read: PG_waiters is lost and a sleeper is never
/// woken.</summary>
internal static class Failures
{
    public const string LostWaiters =
        """
        # A sleeper is never woken.
        variant   non-atomic-swapbacked
        violates  flags-word: PG_waiters lost [folio_add_new_anon_rmap]
        symptom   INFO: task blocked for more than 120 seconds.
        engine    mm 1
        shape     mms 1  pages 1  slots 1  device sync
        setup     write mm0 p0
                  pageout mm0 p0
        cpu0      read mm0 p0
        cpu1      swapoff
        schedule  cpu1 until RmapNewWriteFlags
                  cpu0 until blocked
                  cpu1 until blocked

        """;

    public static Reproducer Parse(string text = LostWaiters)
    {
        Points.DefineAll();
        return Reproducer.Parse(MmLanguage.Instance, text, "lost.reproducer", Points.Table);
    }

    /// <summary>The same program under a schedule that another engine might have had.</summary>
    public static Reproducer Drifting() =>
        Parse(LostWaiters.Replace("cpu0 until blocked", "cpu0 until done", StringComparison.Ordinal));
}
