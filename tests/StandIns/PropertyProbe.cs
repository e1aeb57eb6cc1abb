using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Tests.StandIns;

/// <summary>Runs one property as xunit would, and keeps xunit's messages instead of reporting them.</summary>
internal sealed class PropertyProbe : LongLivedMarshalByRefObject, IMessageBus, IMessageSink
{
    private readonly List<IMessageSinkMessage> messages = [];

    /// <summary>The verdict's output; fails the calling test when the property did not pass.</summary>
    public static async Task<string> PassAsync<T>(string method) =>
        Assert.Single((await RunAsync<T>(method)).messages.OfType<ITestPassed>()).Output;

    /// <summary>
    /// All messages of the failure in one text; fails the calling test when the property did not fail.
    /// </summary>
    public static async Task<string> FailAsync<T>(string method)
    {
        var failure = Assert.Single((await RunAsync<T>(method)).messages.OfType<ITestFailed>());
        return string.Join('\n', failure.ExceptionTypes.Concat(failure.Messages));
    }

    /// <summary>The skipped test; fails the calling test when it was not skipped.</summary>
    public static async Task<ITestSkipped> SkipAsync<T>(string method) =>
        Assert.Single((await RunAsync<T>(method)).messages.OfType<ITestSkipped>());

    public bool QueueMessage(IMessageSinkMessage message)
    {
        messages.Add(message);
        return true;
    }

    public bool OnMessage(IMessageSinkMessage message) => true;

    public void Dispose()
    {
    }

    private static async Task<PropertyProbe> RunAsync<T>(string name)
    {
        var probe = new PropertyProbe();
        var assembly = new TestAssembly(Reflector.Wrap(typeof(T).Assembly));
        var collection = new TestCollection(assembly, null, "probe");
        var method = Reflector.Wrap(typeof(T).GetMethod(name)!);
        var testMethod = new TestMethod(new TestClass(collection, Reflector.Wrap(typeof(T))), method);
        var fact = Assert.Single(method.GetCustomAttributes(typeof(FactAttribute)));
        var link = Assert.Single(fact.GetCustomAttributes(typeof(XunitTestCaseDiscovererAttribute)));
        var names = link.GetConstructorArguments().ToArray();
        var type = Type.GetType($"{names[0]}, {names[1]}", throwOnError: true);
        var discoverer = ExtensibilityPointFactory.GetXunitTestCaseDiscoverer(probe, type);
        var testCase = Assert.Single(discoverer.Discover(new NoOptions(), testMethod, fact));
        using var cancellation = new CancellationTokenSource();
        await testCase.RunAsync(probe, probe, [], new ExceptionAggregator(), cancellation);
        return probe;
    }

    private sealed class NoOptions : ITestFrameworkDiscoveryOptions
    {
        public TValue GetValue<TValue>(string name) => default!;

        public void SetValue<TValue>(string name, TValue value)
        {
        }
    }
}
