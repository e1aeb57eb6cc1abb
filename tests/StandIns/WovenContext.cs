using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using Fuzz.Coverage;
using SharpFuzz;

namespace Tests.StandIns;

/// <summary>A second copy of this program in this process, in which one assembly is woven: statics, types and the edge
/// map are its own.</summary>
/// <remarks>What a test wants of it is a static method of its own class, called in the copy by <see cref="Call"/> with
/// arguments and a result of the core library's types.</remarks>
internal sealed class WovenContext : AssemblyLoadContext, IDisposable
{
    /// <summary>The assemblies that the two copies do not share.</summary>
    private static readonly string[] Own =
        ["Tests", "Woven", "Generators", "Fuzz", "Mm", "Interleave", "SharpFuzz.Common"];

    private readonly string folder = Directory.CreateTempSubdirectory("woven-").FullName;
    private readonly string woven;

    /// <summary>A copy in which the types whose full names begin so are woven.</summary>
    public WovenContext(Assembly assembly, params string[] prefixes)
        : this(assembly, path => Fuzzer.Instrument(path, type => Begins(type, prefixes), Options.Value))
    {
    }

    /// <summary>A copy in which the assembly is woven by others.</summary>
    public WovenContext(Assembly assembly, Func<string, IEnumerable<string>> weave)
        : base(isCollectible: false)
    {
        woven = assembly.GetName().Name!;
        Types = [.. weave(CopyOf(assembly, folder))];

        // Has it give woven code a map, where SharpFuzz does not.
        RuntimeHelpers.RunModuleConstructor(Copy(typeof(EdgeMap).Assembly).ManifestModule.ModuleHandle);
    }

    /// <summary>What was woven.</summary>
    public IReadOnlyList<string> Types { get; }

    /// <summary>Copies an assembly and its symbols into a folder; the copy's path.</summary>
    public static string CopyOf(Assembly assembly, string folder)
    {
        string path = Path.Combine(folder, Path.GetFileName(assembly.Location));
        File.Copy(assembly.Location, path);
        string symbols = Path.ChangeExtension(assembly.Location, ".pdb");
        if (File.Exists(symbols))
        {
            File.Copy(symbols, Path.ChangeExtension(path, ".pdb"));
        }

        return path;
    }

    /// <summary>Calls the method that a delegate names, in the copy.</summary>
    public T Call<T>(Delegate method, params object[] arguments)
    {
        MethodInfo plain = method.Method;
        Type type = Copy(plain.DeclaringType!.Assembly).GetType(plain.DeclaringType.FullName!)!;
        MethodInfo copy = type.GetMethod(
            plain.Name, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)!;
        return (T)copy.Invoke(null, BindingFlags.DoNotWrapExceptions, null, arguments, null)!;
    }

    /// <summary>The copy of an assembly.</summary>
    public Assembly Copy(Assembly plain) => LoadFromAssemblyName(plain.GetName());

    public void Dispose() => Directory.Delete(folder, recursive: true);

    protected override Assembly? Load(AssemblyName name)
    {
        if (!Own.Contains(name.Name))
        {
            return null;
        }

        string from = name.Name == woven ? folder : AppContext.BaseDirectory;
        return LoadFromAssemblyPath(Path.Combine(from, $"{name.Name}.dll"));
    }

    private static bool Begins(string type, string[] prefixes) =>
        Array.Exists(prefixes, prefix => type.StartsWith(prefix, StringComparison.Ordinal));
}
