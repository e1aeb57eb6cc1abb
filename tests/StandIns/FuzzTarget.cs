using System.Runtime.CompilerServices;
using SharpFuzz;
using SharpFuzz.Common;

namespace Tests.StandIns;

/// <summary>
/// A fuzz target inside this very assembly: started as a program with <see cref="Variable"/> set, it fuzzes and ends
/// before Main. A project of its own would be the other way to get a process whose main program is a target.
/// </summary>
internal static class FuzzTarget
{
    /// <summary>Names the entry point that the process shall run; unset in a test run.</summary>
    public const string Variable = "STAND_IN_FUZZ_TARGET";

    [ModuleInitializer]
    internal static void RunWhenAsked()
    {
        var entry = Environment.GetEnvironmentVariable(Variable);
        if (entry is null)
        {
            return;
        }

        Enter(entry);
        Environment.Exit(0);
    }

    private static void Enter(string entry)
    {
        switch (entry)
        {
            case "stream":
                Fuzzer.Run(stream =>
                {
                    // As bodies do: the reader closes the stream it was given.
                    using var reader = new StreamReader(stream);
                    Body(reader.ReadToEnd());
                });
                break;
            case "string":
                Fuzzer.Run(Body);
                break;
            case "once":
                Fuzzer.RunOnce(stream => Body(new StreamReader(stream).ReadToEnd()));
                break;
            case "out of process":
                Fuzzer.OutOfProcess.Run(Body);
                break;
            case "libFuzzer":
                Fuzzer.LibFuzzer.Run(span => Body(System.Text.Encoding.UTF8.GetString(span)));
                break;
            default:
                throw new InvalidOperationException(entry);
        }
    }

    /// <summary>
    /// Leaves one count at the index of the input's first character, and does what that character says.
    /// </summary>
    private static unsafe void Body(string input)
    {
        Trace.SharedMem[input.Length == 0 ? 0 : input[0]]++;
        Trace.PrevLocation = 1;
        switch (input)
        {
            case ['!', ..]:
                throw new InvalidOperationException("a bug");
            case ['#', ..]:
                Environment.Exit(9);
                break;
            case ['~', ..]:
                Thread.Sleep(Timeout.Infinite);
                break;
            default:
                Console.Write(input);
                break;
        }
    }
}
