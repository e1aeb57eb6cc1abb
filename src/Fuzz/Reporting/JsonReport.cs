using System.Text.Json;
using System.Text.Json.Nodes;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;

namespace Fuzz.Reporting;

/// <summary>The same as <see cref="TextReport"/> for machines. Keys are camelCase; steps count from 0.</summary>
public static class JsonReport
{
    private static readonly JsonSerializerOptions OneLine = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>One object on one line.</summary>
    public static string Line(JsonObject value) => value.ToJsonString(OneLine);

    /// <summary>An incident.</summary>
    public static JsonObject Of(Incident incident, string? file) => new()
    {
        ["file"] = file,
        ["signature"] = incident.Main?.Signature.ToString(),
        ["expected"] = incident.Reproducer.Violates.ToString(),
        ["violations"] = new JsonArray(incident.Violations.Select(v => (JsonNode)Of(incident, v)).ToArray()),
        ["distance"] = incident.Distance,
        ["ending"] = incident.Ending.ToString(),
        ["steps"] = incident.Steps,
        ["reproducer"] = Of(incident.Reproducer),
        ["trace"] = new JsonArray(incident.Trace.Select(step => (JsonNode)Of(step)).ToArray()),
        ["replay"] = file is null ? null : TextReport.ReplayCommand(file),
    };

    /// <summary>A reproducer: its text, and what there is to count in it.</summary>
    public static JsonObject Of(Reproducer reproducer) => new()
    {
        ["violates"] = reproducer.Violates.ToString(),
        ["variants"] = new JsonArray(reproducer.Variants.Select(name => (JsonNode)name).ToArray()),
        ["symptom"] = reproducer.Symptom,
        ["proof"] = reproducer.Proof,
        ["minimal"] = reproducer.Minimal,
        ["blame"] = reproducer.Blame,
        ["distance"] = reproducer.Distance,
        ["caught"] = reproducer.Caught,
        ["hunted"] = reproducer.Hunted,
        ["engine"] = reproducer.Engine,
        ["cpus"] = reproducer.Program.Cpus.Length,
        ["calls"] = reproducer.Program.ConcurrentCalls,
        ["setupCalls"] = reproducer.Program.Setup.Length,
        ["preemptions"] = reproducer.Schedule.Preemptions,
        ["program"] = ProgramText.Print(reproducer.Program),
        ["schedule"] = new JsonArray(reproducer.Schedule.Turns.Select(turn => (JsonNode)turn.ToString()).ToArray()),
    };

    /// <summary>Where a replay left its schedule.</summary>
    public static JsonObject Of(Drift drift) => new()
    {
        ["kind"] = drift.Kind.ToString(),
        ["turn"] = drift.Turn,
        ["step"] = drift.Step,
        ["expected"] = drift.Expected,
        ["actual"] = drift.Actual,
    };

    private static JsonObject Of(Incident incident, Violation violation) => new()
    {
        ["oracle"] = violation.Signature.Oracle,
        ["law"] = violation.Signature.Law,
        ["routine"] = violation.Signature.Routine,
        ["kind"] = violation.Kind == LawKind.Precursor ? "precursor" : "symptom",
        ["step"] = violation.Step,
        ["cpu"] = violation.Step >= 0 && violation.Step < incident.Trace.Count
            ? incident.Trace[violation.Step].Cpu
            : null,
        ["detail"] = violation.Detail,
        ["message"] = violation.Message,
    };

    private static JsonObject Of(IncidentStep step) => new()
    {
        ["cpu"] = step.Cpu,
        ["point"] = step.Point,
        ["function"] = step.Function,
        ["target"] = step.Target,
        ["preempts"] = step.Preempts,
    };
}
