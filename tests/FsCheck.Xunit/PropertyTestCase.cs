using System.ComponentModel;
using System.Reflection;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace FsCheck.Xunit;

/// <summary>
/// One property as xunit's test case: instance, fixtures, before/after attributes, skip and timeout are xunit's own,
/// only the call of the method is FsCheck's.
/// </summary>
public sealed class PropertyTestCase : XunitTestCase
{
    /// <summary>For xunit's deserializer only.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    [Obsolete("Called by the de-serializer only.")]
    public PropertyTestCase()
    {
    }

    /// <summary>Makes the case of one property method.</summary>
    public PropertyTestCase(
        IMessageSink diagnosticMessageSink,
        TestMethodDisplay defaultMethodDisplay,
        TestMethodDisplayOptions defaultMethodDisplayOptions,
        ITestMethod testMethod)
        : base(diagnosticMessageSink, defaultMethodDisplay, defaultMethodDisplayOptions, testMethod)
    {
    }

    /// <inheritdoc/>
    public override Task<RunSummary> RunAsync(
        IMessageSink diagnosticMessageSink,
        IMessageBus messageBus,
        object[] constructorArguments,
        ExceptionAggregator aggregator,
        CancellationTokenSource cancellationTokenSource) =>
        new PropertyTestCaseRunner(
            this, DisplayName, SkipReason, constructorArguments, messageBus, aggregator, cancellationTokenSource)
            .RunAsync();

    /// <summary>The settings of the method's attribute and of all around it, the nearest first.</summary>
    internal PropertySettings Settings()
    {
        var method = TestMethod.Method.ToRuntimeMethod();
        var settings = method.GetCustomAttribute<PropertyAttribute>()?.Settings ?? new PropertySettings();
        for (var type = TestMethod.TestClass.Class.ToRuntimeType(); type is not null; type = type.DeclaringType)
        {
            settings = Add(settings, type.GetCustomAttribute<PropertiesAttribute>());
        }

        // The class's assembly, not the method's: a method inherited from another assembly is tested here.
        var assembly = TestMethod.TestClass.Class.ToRuntimeType().Assembly;
        return Add(settings, assembly.GetCustomAttribute<PropertiesAttribute>());
    }

    private static PropertySettings Add(PropertySettings settings, PropertiesAttribute? outer) =>
        outer is null ? settings : settings.Within(outer.Settings);
}
