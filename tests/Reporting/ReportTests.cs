using System.Text.Json;
using System.Text.Json.Nodes;
using Fuzz.Campaign;
using Fuzz.Execution;
using Fuzz.Reporting;
using Tests.Campaign;
using Xunit;

namespace Tests.Reporting;

public class ReportTests
{
    private const string File = "corpus/defects/lost.reproducer";
    private readonly Incident incident = Capture(Failures.Parse());

    [Fact]
    public void The_headline_names_the_law_the_routine_and_the_file()
    {
        string headline = Report()[0];
        Assert.StartsWith(
            "FLAGS-WORD violated: PG_waiters lost in folio_add_new_anon_rmap  ", headline, StringComparison.Ordinal);
        Assert.EndsWith("  " + File, headline, StringComparison.Ordinal);
    }

    [Fact]
    public void Precursor_and_symptom_come_with_step_cpu_point_and_distance()
    {
        Violation precursor = incident.Precursor!;
        Violation symptom = incident.Symptom!;
        Assert.True(precursor.Step < symptom.Step);
        Assert.Equal(symptom.Step - precursor.Step, incident.Distance);

        string[] report = Report();
        Assert.Contains($"  precursor     step {precursor.Step}, CPU1 at RmapNewWriteFlags: PG_waiters lost", report);
        string start = $"  symptom       step {symptom.Step}, CPU1 at ";
        Assert.EndsWith(
            ": deadlock", Assert.Single(report, line => line.StartsWith(start, StringComparison.Ordinal)),
            StringComparison.Ordinal);
        Assert.Contains($"  distance      {incident.Distance} steps from precursor to symptom", report);
    }

    [Fact]
    public void The_wait_graph_of_a_deadlock_says_who_waits_for_what()
    {
        string report = TextReport.Print(incident, File);
        Assert.Contains("cpu0 at FolioSleepForBit waits for folio 0 wait queue", report, StringComparison.Ordinal);
        Assert.Contains("cpu1 at SwapoffWaitUsers waits for swap device", report, StringComparison.Ordinal);
    }

    [Fact]
    public void Program_law_kernel_message_variant_and_command_are_all_there()
    {
        string[] report = Report();
        Assert.Contains("  A sleeper is never woken.", report);
        Assert.Contains("  setup     write mm0 p0", report);
        Assert.Contains("  cpu1      swapoff", report);
        Assert.Contains("  law           flags-word: PG_waiters lost [folio_add_new_anon_rmap]", report);
        Assert.Contains("  kernel says   INFO: task blocked for more than 120 seconds.", report);
        Assert.Contains("  runs on       v6.18 with non-atomic-swapbacked", report);
        Assert.Contains($"  replay        dotnet run -c Release --project src/Fuzz.Cli -- replay {File}", report);
    }

    [Fact]
    public void The_same_incident_gives_the_same_report()
    {
        Assert.Equal(TextReport.Print(incident, File), TextReport.Print(Capture(Failures.Parse()), File));
        Assert.All(Report(), line => Assert.Equal(line.TrimEnd(), line));
    }

    [Fact]
    public void A_path_with_blanks_is_quoted_in_the_command() => Assert.EndsWith(
        "-- replay 'my corpus/a.reproducer'", TextReport.ReplayCommand("my corpus/a.reproducer"),
        StringComparison.Ordinal);

    [Fact]
    public void A_drift_is_reported_with_turn_step_expected_and_actual()
    {
        Reproducer reproducer = Failures.Drifting();
        Replay replay = new ReproducerRunner(reproducer, new MmEngine(reproducer.Variants), strict: true).Run();
        string report = TextReport.PrintDrift(reproducer, replay.Drift!, File);

        Assert.StartsWith($"DRIFTED: {File}", report, StringComparison.Ordinal);
        Assert.Contains($"turn          2 of 3, at step {replay.Drift!.Step}\n", report, StringComparison.Ordinal);
        Assert.Contains("expected      cpu0 until done\n", report, StringComparison.Ordinal);
        Assert.Contains("actual        cpu0 blocked at FolioSleepForBit\n", report, StringComparison.Ordinal);
        Assert.Contains("made for      mm 1\n", report, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_holds_the_same_facts_on_one_line()
    {
        string line = JsonReport.Line(JsonReport.Of(incident, File));
        Assert.DoesNotContain('\n', line);
        using JsonDocument json = JsonDocument.Parse(line);
        JsonElement root = json.RootElement;

        Assert.Equal(incident.Reproducer.Violates.ToString(), root.GetProperty("signature").GetString());
        Assert.Equal(incident.Distance, root.GetProperty("distance").GetInt32());
        Assert.Equal(incident.Steps, root.GetProperty("trace").GetArrayLength());
        Assert.Equal(2, root.GetProperty("reproducer").GetProperty("cpus").GetInt32());
        Assert.Equal(1, root.GetProperty("reproducer").GetProperty("preemptions").GetInt32());
        JsonElement first = root.GetProperty("violations")[0];
        Assert.Equal("precursor", first.GetProperty("kind").GetString());
        Assert.Equal(1, first.GetProperty("cpu").GetInt32());
    }

    [Fact]
    public void Json_of_a_pass_has_no_signature()
    {
        ReproducerRunner runner = new(Failures.Parse(), new MmEngine(), strict: false);
        runner.Run();
        JsonObject json = JsonReport.Of(runner.Capture(), null);

        Assert.Null(json["signature"]);
        Assert.Empty(json["violations"]!.AsArray());
        Assert.Equal("Completed", (string?)json["ending"]);
    }

    private static Incident Capture(Reproducer reproducer)
    {
        ReproducerRunner runner = new(reproducer, new MmEngine(reproducer.Variants), strict: true);
        Assert.Equal(ReplayEnd.Fails, runner.Run().End);
        return runner.Capture();
    }

    private string[] Report() => TextReport.Print(incident, File).Split('\n');
}
