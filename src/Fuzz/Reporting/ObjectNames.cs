using Fuzz.Execution;

namespace Fuzz.Reporting;

/// <summary>How an engine's shared objects are called in reports.</summary>
public static class ObjectNames
{
    /// <summary>A function from the id of an object to its name; ids nobody knows give <c>object 7</c>.</summary>
    public static Func<int, string> Of(IEngine engine) => engine is MmEngine mm
        ? id => id < mm.Kernel.Objects.Count ? mm.Kernel.Objects[id].Name : Unknown(id)
        : Unknown;

    private static string Unknown(int id) => $"object {id}";
}
