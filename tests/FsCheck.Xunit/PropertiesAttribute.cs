namespace FsCheck.Xunit;

/// <summary>
/// Defaults for every <see cref="PropertyAttribute"/> method in a class and in the classes nested in it, or in an
/// assembly; the nearest setting wins.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Assembly)]
public sealed class PropertiesAttribute : PropertyAttribute;
