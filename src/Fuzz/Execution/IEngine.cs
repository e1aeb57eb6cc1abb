using Fuzz.Programs;
using Interleave;

namespace Fuzz.Execution;

/// <summary>A concurrent engine as the fuzzer sees it. The folio engine is one; bring your own to fuzz it.</summary>
/// <remarks>One instance is reused for all executions of one worker; it is never shared by threads.</remarks>
public interface IEngine
{
    /// <summary>The programs it runs.</summary>
    Language Language { get; }

    /// <summary>The machine its routines park on.</summary>
    Machine Machine { get; }

    /// <summary>Where its judges report.</summary>
    Verdict Verdict { get; }

    /// <summary>Builds the fresh state that a shape asks for.</summary>
    void Reset(int[] shape);

    /// <summary>One call as <paramref name="cpu"/>. Impossible calls do nothing and return false: they are counted
    /// no-ops.</summary>
    Flow<bool> Run(Cpu cpu, Call call);

    /// <summary>Ends the world: all processes exit, all caches drain. Run alone after the lanes are done.</summary>
    Flow TearDown(Cpu cpu);

    /// <summary>Judges after one step of the concurrent part; false stops the execution.</summary>
    bool AfterStep(Cpu cpu, Point point);

    /// <summary>Judges the state after a call of the setup, which ran alone, and what the call did.</summary>
    /// <param name="call">The call.</param>
    /// <param name="effective">What it returned.</param>
    void AfterAlone(Call call, bool effective) => AtRest();

    /// <summary>
    /// A call of the setup has run as in an earlier execution of the same program, which broke no law here: nothing has
    /// to be judged, but the laws that look back must know what has happened.
    /// </summary>
    void AfterKnown()
    {
    }

    /// <summary>Judges a state in which no call is in flight.</summary>
    void AtRest();

    /// <summary>Judges the state after <see cref="TearDown"/>.</summary>
    void AtEnd();
}
