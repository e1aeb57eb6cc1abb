using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;

namespace FsCheck.Xunit;

/// <summary>FsCheck's runner for one property: writes what FsCheck reports to a sink, and keeps the verdict.</summary>
internal sealed class PropertyRunner(Action<string> write) : IRunner
{
    /// <summary>What to fail the test with; null while the property has not failed.</summary>
    public PropertyFailedException? Failure { get; private set; }

    public void OnStartFixture(Type type)
    {
    }

    public void OnArguments(
        int number, FSharpList<object> arguments, FSharpFunc<int, FSharpFunc<FSharpList<object>, string>> every) =>
        Write(every.Invoke(number).Invoke(arguments));

    public void OnShrink(FSharpList<object> arguments, FSharpFunc<FSharpList<object>, string> everyShrink) =>
        Write(everyShrink.Invoke(arguments));

    public void OnFinished(string name, TestResult result)
    {
        var report = Runner.onFinishedToString(name, result);
        if (result is TestResult.Passed)
        {
            Write(report);
            return;
        }

        var thrown = ((result as TestResult.Failed)?.Item4 as Outcome.Failed)?.Item;
        Failure = new PropertyFailedException(Environment.NewLine + report, thrown);
    }

    private void Write(string text)
    {
        var line = text.TrimEnd('\r', '\n');
        if (line.Length != 0)
        {
            write(line);
        }
    }
}
