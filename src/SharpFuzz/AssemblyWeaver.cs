using Mono.Cecil;
using Mono.Cecil.Cil;
using SharpFuzz.Common;

namespace SharpFuzz;

/// <summary>Weaves a file: what may be woven, which types, and how the file is replaced.</summary>
internal static class AssemblyWeaver
{
    private const string CoreLibrary = "System.Private.CoreLib";

    /// <summary>See <see cref="Fuzzer.Instrument"/>.</summary>
    public static SortedSet<string> Weave(string path, Func<string, bool> matcher, bool notifies)
    {
        string symbols = Path.ChangeExtension(path, ".pdb");
        using MemoryStream image = new();
        using MemoryStream symbolImage = new();
        SortedSet<string> types;
        using (DefaultAssemblyResolver resolver = new())
        {
            resolver.AddSearchDirectory(Path.GetDirectoryName(Path.GetFullPath(path)));
            using ModuleDefinition module = Read(path, symbols, resolver);
            Check(module);
            types = Weave(module, matcher, notifies);
            WriterParameters parameters = new() { DeterministicMvid = true };
            if (module.HasSymbols)
            {
                parameters.SymbolWriterProvider = new PortablePdbWriterProvider();
                parameters.SymbolStream = symbolImage;
            }

            module.Write(image, parameters);
        }

        if (symbolImage.Length > 0)
        {
            Replace(symbols, symbolImage);
        }

        Replace(path, image);
        return types;
    }

    private static ModuleDefinition Read(string path, string symbols, IAssemblyResolver resolver)
    {
        ReaderParameters parameters = new() { InMemory = true, AssemblyResolver = resolver };
        if (File.Exists(symbols))
        {
            try
            {
                return ModuleDefinition.ReadModule(path, new ReaderParameters
                {
                    InMemory = true,
                    AssemblyResolver = resolver,
                    SymbolReaderProvider = new PortablePdbReaderProvider(),
                    ReadSymbols = true,
                });
            }
            catch (Exception error) when (error is SymbolsNotMatchingException or BadImageFormatException)
            {
                // Symbols of another build, or in Windows' own format: those that there are stay as they are.
            }
        }

        return ModuleDefinition.ReadModule(path, parameters);
    }

    private static void Check(ModuleDefinition module)
    {
        if (!module.Attributes.HasFlag(ModuleAttributes.ILOnly))
        {
            throw new InstrumentationException("Cannot instrument mixed-mode assemblies.");
        }

        if (module.Assembly?.Name.Name == CoreLibrary)
        {
            throw new InstrumentationException($"Cannot instrument {CoreLibrary}.");
        }

        if (module.GetType(typeof(Trace).FullName) is not null
            || module.AssemblyReferences.Any(reference => reference.Name == typeof(Trace).Assembly.GetName().Name))
        {
            throw new InstrumentationException("The specified assembly is already instrumented.");
        }
    }

    private static SortedSet<string> Weave(ModuleDefinition module, Func<string, bool> matcher, bool notifies)
    {
        BranchCode code = new(module, notifies);
        EdgeIds ids = new();
        SortedSet<string> types = new(StringComparer.Ordinal);
        foreach (TypeDefinition type in module.GetTypes().Where(type => matcher(type.FullName)))
        {
            foreach (MethodDefinition method in type.Methods.Where(method => method.HasBody))
            {
                if (MethodWeaver.Weave(method, code, ids))
                {
                    types.Add(type.FullName);
                }
            }
        }

        return types;
    }

    private static void Replace(string path, MemoryStream contents)
    {
        string temporary = $"{path}.{Environment.ProcessId}.tmp";
        File.WriteAllBytes(temporary, contents.ToArray());
        File.Move(temporary, path, overwrite: true);
    }
}
