using System.Text;
using Fuzz.Programs;
using Interleave;

namespace Fuzz.Schedules;

/// <summary>The text form of test cases: a program (<see cref="ProgramText"/>), and after it, if there are any turns, a
/// section <c>schedule</c> (<see cref="ScheduleText"/>).</summary>
/// <remarks>How a test case goes on after its turns is not written: what is worth a text is an execution, whose turns
/// leave nothing open.</remarks>
public static class TestCaseText
{
    /// <summary>Reads a test case.</summary>
    /// <param name="language">What its program is written in.</param>
    /// <param name="text">The text.</param>
    /// <param name="file">Named in errors.</param>
    /// <param name="points">When given, names of points must be among them.</param>
    /// <exception cref="InputException">The text is no test case.</exception>
    public static TestCase Parse(
        Language language, string text, string file = "test case", PointTable? points = null)
    {
        Sections sections = Sections.Read(text, file);
        sections.Check([.. ProgramText.SectionNames(language), ScheduleText.SectionName]);
        Program program = ProgramText.Parse(language, sections);
        Schedule schedule = sections.Find(ScheduleText.SectionName) is null
            ? Schedule.Empty
            : ScheduleText.Parse(sections, points, program.Cpus.Length);
        return new TestCase(program, schedule);
    }

    /// <summary>The canonical text: <c>Parse(Print(t))</c> equals t, but for <see cref="TestCase.Rest"/>.</summary>
    public static string Print(TestCase testCase)
    {
        StringBuilder text = new();
        ProgramText.Print(text, testCase.Program);
        if (testCase.Schedule.Turns.Count > 0)
        {
            ScheduleText.Print(text, testCase.Schedule);
        }

        return text.ToString();
    }
}
