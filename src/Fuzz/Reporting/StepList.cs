using System.Text;

namespace Fuzz.Reporting;

/// <summary>Every step of an incident on a line of its own: what the race diagram leaves out.</summary>
public static class StepList
{
    /// <summary>The lines, which end in newlines.</summary>
    public static string Print(Incident incident)
    {
        StringBuilder text = new();
        text.Append($"  steps ({incident.Steps}; '!' marks a switch that nothing forced)\n");
        for (int i = 0; i < incident.Trace.Count; i++)
        {
            IncidentStep step = incident.Trace[i];
            text.Append($"  {i,5} {(step.Preempts ? '!' : ' ')} CPU{step.Cpu}  {step.Point,-28} {step.Function,-32} ");
            text.Append(step.Target ?? "").Append('\n');
        }

        return text.ToString();
    }
}
