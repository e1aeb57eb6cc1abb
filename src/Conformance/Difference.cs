using System.Text;
using Fuzz.Programs;

namespace Conformance;

/// <summary>A call after which the engine and a kernel show different things.</summary>
/// <param name="Program">The program, up to and with the call.</param>
/// <param name="Mismatch">The first thing that differs.</param>
/// <param name="Before">What both showed before the call; null for the fresh world.</param>
/// <param name="Engine">What the engine shows.</param>
/// <param name="Kernel">What the kernel shows.</param>
public sealed record Difference(Program Program, Mismatch Mismatch, View? Before, Reaction Engine, Reaction Kernel)
{
    /// <summary>The call.</summary>
    public Call Call => Program.Setup[^1];

    /// <summary>The call's name.</summary>
    public string CallName => Program.Language.Calls[Call.Kind].Name;

    /// <summary>What makes two differences the same: shrinking keeps it.</summary>
    public string Signature =>
        $"{Mismatch.Observable.Name} after {CallName}: engine {Mismatch.Engine}, kernel {Mismatch.Kernel}";

    /// <summary>A name for a file, of lower-case words: what differs, and after which call.</summary>
    public string Slug => $"{Mismatch.Observable.Name}-after-{CallName}";

    /// <summary>The program with both sides as comments, to be checked in.</summary>
    /// <param name="release">The kernel.</param>
    public string Print(Release release)
    {
        StringBuilder text = new();
        text.Append($"# {Mismatch}\n# after {ProgramText.Print(Program.Language, Call)}; kernel {release.Name}\n#\n");
        foreach (string line in ViewText.SideBySide(Engine, Kernel))
        {
            text.Append($"# {line}".TrimEnd()).Append('\n');
        }

        return text.Append(ProgramText.Print(Fitting(Program))).ToString();
    }

    /// <summary>All calls of a program, as they are made: those of its lanes come after its setup, lane by
    /// lane.</summary>
    internal static Call[] InOrder(Program program) =>
        [.. program.Setup, .. program.Cpus.SelectMany(lane => lane)];

    /// <summary>The same calls in the same order, in a form that can be read again: a section holds only so many, and
    /// lanes are run after each other.</summary>
    internal static Program Fitting(Program program)
    {
        Call[][] parts = [.. InOrder(program).Chunk(program.Language.CallsMax)];
        return parts.Length <= 1 ? program : new Program(program.Language, program.Shape, parts[0], parts[1..]);
    }
}
