using System.Reflection;
using Xunit.Sdk;

namespace FsCheck.Xunit;

/// <summary>xunit's runner of a test case, whose one test a <see cref="PropertyTestRunner"/> runs.</summary>
internal sealed class PropertyTestCaseRunner(
    PropertyTestCase testCase,
    string displayName,
    string skipReason,
    object[] constructorArguments,
    IMessageBus messageBus,
    ExceptionAggregator aggregator,
    CancellationTokenSource cancellation)
    : XunitTestCaseRunner(
        testCase, displayName, skipReason, constructorArguments, [], messageBus, aggregator, cancellation)
{
    protected override XunitTestRunner CreateTestRunner(
        global::Xunit.Abstractions.ITest test,
        IMessageBus messageBus,
        Type testClass,
        object[] constructorArguments,
        MethodInfo testMethod,
        object[] testMethodArguments,
        string skipReason,
        IReadOnlyList<BeforeAfterTestAttribute> beforeAfterAttributes,
        ExceptionAggregator aggregator,
        CancellationTokenSource cancellationTokenSource) =>
        new PropertyTestRunner(
            test,
            messageBus,
            testClass,
            constructorArguments,
            testMethod,
            skipReason,
            beforeAfterAttributes,
            aggregator,
            cancellationTokenSource);
}
