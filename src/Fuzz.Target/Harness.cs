using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;

namespace Fuzz.Target;

/// <summary>Executes inputs of fuzzers: test cases in their binary form (<see cref="TestCaseBinary"/>).</summary>
public sealed class Harness
{
    private readonly Executor executor;
    private readonly TestCaseRunner runner;
    private readonly IReadOnlyCollection<string> known;
    private readonly byte[] buffer;

    /// <summary>A harness on an engine.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="known">Signatures that are no news.</param>
    public Harness(IEngine engine, IReadOnlyCollection<string> known)
    {
        executor = new Executor(engine);
        runner = new TestCaseRunner(executor);
        this.known = known;
        buffer = new byte[TestCaseBinary.LengthMax(engine.Language)];
    }

    private IEngine Engine => executor.Engine;

    /// <summary>The test case that an input means.</summary>
    public TestCase Decode(ReadOnlySpan<byte> input) =>
        TestCaseBinary.Decode(Engine.Language, Engine.Machine.Points, input);

    /// <summary>Executes what a stream holds; what is longer than any test case is not read.</summary>
    /// <exception cref="FoundException">A law was broken, and that is news.</exception>
    public void Execute(Stream input) =>
        Execute(buffer.AsSpan(0, input.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)));

    /// <summary>Executes one input, under each of its schedules.</summary>
    /// <exception cref="FoundException">A law was broken, and that is news.</exception>
    public void Execute(ReadOnlySpan<byte> input)
    {
        runner.Begin(Decode(input));
        while (runner.Next())
        {
            // The first that is seen is nearest to the cause, and names the failure for campaigns, too.
            if (Engine.Verdict.Any && !known.Contains(Engine.Verdict.Violations[0].Signature.ToString()))
            {
                throw new FoundException(Engine.Verdict.Violations[0]);
            }
        }
    }
}
