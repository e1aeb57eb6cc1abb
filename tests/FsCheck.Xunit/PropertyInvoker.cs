using System.Reflection;
using System.Runtime.ExceptionServices;
using Microsoft.FSharp.Core;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace FsCheck.Xunit;

/// <summary>
/// xunit's invoker of a test method, with FsCheck between the instance and the many calls of its method.
/// </summary>
internal sealed class PropertyInvoker(
    ITest test,
    IMessageBus messageBus,
    Type testClass,
    object[] constructorArguments,
    MethodInfo testMethod,
    IReadOnlyList<BeforeAfterTestAttribute> beforeAfterAttributes,
    ExceptionAggregator aggregator,
    CancellationTokenSource cancellation,
    TestOutputHelper output)
    : XunitTestInvoker(
        test,
        messageBus,
        testClass,
        constructorArguments,
        testMethod,
        [],
        beforeAfterAttributes,
        aggregator,
        cancellation)
{
    protected override async Task<decimal> InvokeTestMethodAsync(object testClassInstance)
    {
        await Aggregator.RunAsync(() => Timer.AggregateAsync(() => CheckInTimeAsync(testClassInstance)))
            .ConfigureAwait(false);
        return Timer.Total;
    }

    private async Task CheckInTimeAsync(object? instance)
    {
        if (TestCase.Timeout <= 0)
        {
            // On xunit's own worker, so that its limit on parallel tests holds.
            Check(instance);
            return;
        }

        var check = Task.Run(() => Check(instance));
        var limit = Task.Delay(TestCase.Timeout);
        if (await Task.WhenAny(check, limit).ConfigureAwait(false) == limit)
        {
            throw new TestTimeoutException(TestCase.Timeout);
        }

        await check.ConfigureAwait(false);
    }

    private void Check(object? instance)
    {
        var runner = new PropertyRunner(output.WriteLine);
        var config = ((PropertyTestCase)TestCase).Settings().ToConfig(runner);
        var target = instance is null ? FSharpOption<object>.None : FSharpOption<object>.Some(instance);

        // FsCheck blocks on a property's task: its continuations must not wait for the worker that is blocked.
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            FsCheck.Check.Method(config, TestMethod, target);
        }
        catch (TargetInvocationException wrapper) when (wrapper.InnerException is { } inner)
        {
            ExceptionDispatchInfo.Capture(inner).Throw();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }

        if (runner.Failure is { } failure)
        {
            throw failure;
        }
    }
}
