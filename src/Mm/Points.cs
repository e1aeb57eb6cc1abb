using System.Reflection;
using System.Runtime.CompilerServices;
using Interleave;
using Mm.Routines;

namespace Mm;

/// <summary>All points of the folio engine. Each routine declares its own beside its text, with
/// <see cref="Define"/>.</summary>
public static class Points
{
    private static bool defined;

    /// <summary>The table.</summary>
    public static PointTable Table { get; } = new();

    /// <summary>Declares a point: its name, the kernel function whose step it is, and how the object is
    /// touched.</summary>
    public static Point Define(string name, string function, Access access) => Table.Add(name, function, access);

    /// <summary>Makes every routine declare its points, in an order that depends on nothing but names.</summary>
    public static void DefineAll()
    {
        lock (Table)
        {
            if (defined)
            {
                return;
            }

            defined = true;
            DefineFrom(typeof(Routine).Assembly);
        }
    }

    /// <summary>Makes the routines of one assembly declare their points; for variants that live outside this
    /// assembly.</summary>
    public static void DefineFrom(Assembly assembly)
    {
        foreach (Type type in assembly.GetTypes()
                     .Where(t => t.IsSubclassOf(typeof(Routine)))
                     .OrderBy(t => t.FullName, StringComparer.Ordinal))
        {
            RuntimeHelpers.RunClassConstructor(type.TypeHandle);
        }
    }
}
