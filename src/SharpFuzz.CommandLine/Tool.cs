namespace SharpFuzz.CommandLine;

/// <summary>The command <c>sharpfuzz PATH [PREFIX ...]</c>: weaves the types whose full names begin with a prefix, or
/// all of them.</summary>
public static class Tool
{
    private const string Usage = """
        Usage: sharpfuzz [path-to-assembly] [prefix ...]

        path-to-assembly  the .dll file to instrument, in place
        prefix            the class or the namespace to instrument; all types when there is none;
                          with a dash before it, one to leave out. Commas join several.

        Example: sharpfuzz Mm.dll Mm.Routines Mm.History
        """;

    /// <summary>Weaves.</summary>
    /// <param name="arguments">The path, then prefixes; upper and lower case are the same in these.</param>
    /// <returns>0 when it is woven, or nothing was asked for; 1 when it cannot be, with one line on standard
    /// error.</returns>
    public static int Main(string[] arguments)
    {
        if (arguments.Length == 0)
        {
            Console.WriteLine(Usage);
            return 0;
        }

        string path = arguments[0];
        if (!File.Exists(path))
        {
            return Fail($"{path}: Specified file does not exist.");
        }

        ILookup<bool, string> words = arguments.Skip(1).ToLookup(word => word.StartsWith('-'));
        string[] exclude = Prefixes(words[true].Select(word => word[1..]));
        string[] include = Prefixes(words[false]);
        bool Matches(string type) => !Begins(type, exclude) && (include.Length == 0 || Begins(type, include));
        try
        {
            IEnumerable<string> types = Fuzzer.Instrument(path, Matches, Options.Value);
            if (Options.Value.PrintInstrumentedTypes)
            {
                foreach (string type in types)
                {
                    Console.WriteLine(type);
                }
            }

            return 0;
        }
        catch (InstrumentationException error)
        {
            return Fail($"{path}: {error.Message}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return Fail($"{path}: cannot be read or replaced: {error.Message}");
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            return Fail($"{path}: Failed to instrument the specified file, most likely because it's not a valid .NET "
                + "assembly.");
        }
    }

    private static int Fail(string line)
    {
        Console.Error.WriteLine(line);
        return 1;
    }

    private static string[] Prefixes(IEnumerable<string> words) =>
        [.. words.SelectMany(word => word.Split(',', StringSplitOptions.RemoveEmptyEntries))];

    private static bool Begins(string type, string[] prefixes) =>
        Array.Exists(prefixes, prefix => type.StartsWith(prefix, StringComparison.OrdinalIgnoreCase));
}
