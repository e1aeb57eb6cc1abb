using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Fuzz.Campaign;
using Fuzz.Coverage;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Reporting;
using Fuzz.Schedules;
using Mm;
using Mm.History;

namespace Fuzz.Cli;

/// <summary>What people write on the command line and in files, turned into what commands work with.</summary>
internal static class Inputs
{
    /// <summary>Stands for a file name in errors about the command line.</summary>
    public const string CommandLine = "command line";

    /// <summary>Reproducers of what v6.18 itself has wrong.</summary>
    public const string RegressionsFolder = "corpus/regressions";

    private static readonly string[] Feedbacks = ["none", "edges", "handoffs", "near-misses", "all"];

    private const int HashMin = 4;
    private const int HashMax = 64;

    /// <summary>The names of all variants.</summary>
    public static IReadOnlyCollection<string> VariantNames => VariantCatalog.All.Select(v => v.Name).ToArray();

    /// <summary>An option with a whole number.</summary>
    public static Option<long?> Number(string name, string description, long min, long max = long.MaxValue) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result => ParseNumber(result, name, min, max),
    };

    /// <summary>The option <c>--seed</c>.</summary>
    public static Option<string?> SeedOption() => new("--seed")
    {
        Description = "Where all random numbers come from: a number or a git hash.",
        HelpName = "SEED",
    };

    /// <summary>The option <c>--json</c>.</summary>
    public static Option<bool> JsonOption() => new("--json")
    {
        Description = "For machines: the last line of the output is one JSON object.",
    };

    /// <summary>The option <c>--variant</c>.</summary>
    public static Option<string[]> VariantOption() => new("--variant")
    {
        Description = "Variants to put in place of v6.18's routines: names, separated by commas.",
        HelpName = "NAME[,NAME]",
    };

    /// <summary>The option <c>--kernel</c>.</summary>
    public static Option<string?> KernelOption() => new("--kernel")
    {
        Description = "A kernel version, as a set of variants (see 'history').",
        HelpName = "NAME",
    };

    /// <summary>The option <c>--feedback</c>.</summary>
    public static Option<string?> FeedbackOption() => new("--feedback")
    {
        Description = $"What counts as new: {string.Join(", ", Feedbacks)} (unless said).",
        HelpName = "KIND",
    };

    /// <summary>What counts as new. Schedules learn from executions whatever it is, unless it is nothing.</summary>
    /// <exception cref="InputException">It is not known.</exception>
    public static Feedback Feedback(string? text)
    {
        Feedback kind = text is null
            ? Coverage.Feedback.All
            : Enum.Parse<Feedback>(
                Known(text, "feedback", Feedbacks).Replace("-", "", StringComparison.Ordinal), ignoreCase: true);
        return kind == Coverage.Feedback.None ? kind : kind | Coverage.Feedback.Contention;
    }

    /// <summary>A seed: a number, or the first 16 digits of a git hash.</summary>
    /// <param name="text">What was written, or null.</param>
    /// <param name="otherwise">The seed when nothing was written.</param>
    /// <exception cref="InputException">It is neither.</exception>
    public static ulong Seed(string? text, ulong otherwise)
    {
        if (text is null)
        {
            return otherwise;
        }

        if (ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number))
        {
            return number;
        }

        const int DigitsMax = 16;
        bool isHash = text.Length is >= HashMin and <= HashMax && text.All(char.IsAsciiHexDigit);
        string start = text[..Math.Min(text.Length, DigitsMax)];
        return isHash
            ? ulong.Parse(start, NumberStyles.HexNumber, CultureInfo.InvariantCulture)
            : throw new InputException(
                CommandLine, 0, 0, $"--seed {InputException.Quote(text)}", "a number from 0 or a git hash");
    }

    /// <summary>The variants that were asked for, by name or as a kernel version; a variant that is named takes the
    /// place of the version's form of that routine.</summary>
    /// <exception cref="InputException">A name is unknown, or they cannot be combined.</exception>
    public static IReadOnlyList<string> Variants(string[]? names, string? kernel)
    {
        List<string> variants = [];
        foreach (string name in (names ?? []).SelectMany(list => list.Split(',', StringSplitOptions.TrimEntries)))
        {
            if (name.Length > 0 && !variants.Contains(name, StringComparer.Ordinal))
            {
                variants.Add(Known(name, "variant", VariantNames));
            }
        }

        if (kernel is not null)
        {
            Known(kernel, "kernel", KernelVersion.All.Select(v => v.Name).ToArray());
            Engine(variants);
            variants = [.. VariantCatalog.Replace(KernelVersion.Find(kernel)!.Variants, variants)];
        }

        Engine(variants);
        return variants;
    }

    /// <summary>Names of calls, in the order of the language.</summary>
    /// <exception cref="InputException">One is unknown, or none is there.</exception>
    public static IReadOnlyCollection<string> Calls(string[] names)
    {
        string[] known = [.. MmLanguage.Instance.Calls.Select(call => call.Name)];
        HashSet<string> asked = [.. names.SelectMany(list => list.Split(
            ',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
        foreach (string name in asked)
        {
            Known(name, "call", known);
        }

        return asked.Count > 0
            ? [.. known.Where(asked.Contains)]
            : throw new InputException(CommandLine, 0, 0, "--calls without a name", "names of calls");
    }

    /// <summary>A shape, as it is written in programs; the simplest when nothing is said.</summary>
    /// <exception cref="InputException">It is none.</exception>
    public static int[] Shape(string? text) =>
        ProgramText.Parse(MmLanguage.Instance, $"shape {text?.ReplaceLineEndings(" ")}\n", "--shape").Shape;

    /// <summary>The place in the history that a version or a commit names.</summary>
    /// <exception cref="InputException">It names none.</exception>
    public static Place Place(string name) => Mm.History.Place.Find(name) ?? throw new InputException(
        CommandLine, 0, 0, $"unknown version or commit {InputException.Quote(name)}",
        "a kernel version, or 7 digits of a hash, that 'fuzz history' lists",
        Names.Nearest(name, KernelVersion.All.Select(version => version.Name)));

    /// <summary>The name, when it is one of those that are known.</summary>
    /// <exception cref="InputException">It is not.</exception>
    public static string Known(string name, string what, IReadOnlyCollection<string> names)
    {
        const int ListedMax = 24;
        string expected = names.Count <= ListedMax
            ? $"one of {string.Join(", ", names)}"
            : $"one of the {names.Count} that 'fuzz show --{what}s' lists";
        return names.Contains(name, StringComparer.Ordinal)
            ? name
            : throw new InputException(
                CommandLine, 0, 0, $"unknown {what} {InputException.Quote(name)}", expected,
                Names.Nearest(name, names));
    }

    /// <summary>An engine with these variants.</summary>
    /// <exception cref="InputException">They cannot be combined.</exception>
    public static MmEngine Engine(IReadOnlyList<string> variants)
    {
        try
        {
            return new MmEngine(variants);
        }
        catch (ArgumentException error)
        {
            throw new InputException(
                CommandLine, 0, 0, $"variants {string.Join(", ", variants)}: {error.Message}",
                "variants that replace different routines");
        }
    }

    /// <summary>Reads a reproducer.</summary>
    /// <exception cref="InputException">The file does not hold one.</exception>
    /// <exception cref="StorageException">The file cannot be read.</exception>
    public static Reproducer ReadReproducer(string file)
    {
        Points.DefineAll();
        Reproducer reproducer =
            Reproducer.Parse(MmLanguage.Instance, ReadFile(file), file, Points.Table, VariantNames);
        Engine(reproducer.Variants);
        return reproducer;
    }

    /// <summary>Reads a program: a file of its own, or that of a reproducer, which is given back, too.</summary>
    /// <exception cref="InputException">The file holds neither.</exception>
    /// <exception cref="StorageException">The file cannot be read.</exception>
    public static (Program Program, Reproducer? Reproducer) ReadProgram(string file)
    {
        if (file.EndsWith(CorpusStore.ProgramSuffix, StringComparison.Ordinal))
        {
            return (TestCaseText.Parse(MmLanguage.Instance, ReadFile(file), file).Program, null);
        }

        Reproducer reproducer = ReadReproducer(file);
        return (reproducer.Program, reproducer);
    }

    /// <summary>Reads a text file.</summary>
    /// <exception cref="InputException">There is no such file, or it is not text.</exception>
    /// <exception cref="StorageException">The file cannot be read.</exception>
    public static string ReadFile(string file)
    {
        if (!File.Exists(file))
        {
            throw new InputException(
                file, 0, 0, Directory.Exists(file) ? "this is a folder" : "there is no such file",
                "a file with a reproducer (see corpus/README.md)", Directory.Exists(file) ? null : NearestFile(file));
        }

        return CorpusStore.ReadText(file);
    }

    /// <summary>The signatures of what v6.18 itself has wrong, and the files that show them, where we are.</summary>
    /// <exception cref="InputException">One of them cannot be read.</exception>
    public static SortedDictionary<string, string> Regressions()
    {
        SortedDictionary<string, string> known = new(StringComparer.Ordinal);
        if (!Directory.Exists(RegressionsFolder))
        {
            return known;
        }

        string[] files = Directory.GetFiles(RegressionsFolder, $"*{CorpusStore.ReproducerSuffix}");
        foreach (string file in files.Order(StringComparer.Ordinal))
        {
            Reproducer reproducer = Reproducer.Parse(MmLanguage.Instance, File.ReadAllText(file), file);
            if (reproducer.Variants.Count == 0)
            {
                known.TryAdd(reproducer.Violates.ToString(), file);
            }
        }

        return known;
    }

    /// <summary>The variants in words.</summary>
    public static string Describe(IReadOnlyList<string> variants) =>
        variants.Count == 0 ? "v6.18" : $"v6.18 with {string.Join(", ", variants)}";

    private static string? NearestFile(string file)
    {
        string? folder = Path.GetDirectoryName(Path.GetFullPath(file));
        if (folder is null || !Directory.Exists(folder))
        {
            return null;
        }

        try
        {
            string name = Path.GetFileName(file);
            string? nearest = Names.Nearest(
                name, Directory.GetFiles(folder).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal));
            bool near = nearest is not null && Names.Distance(name, nearest) * 3 <= name.Length;
            return near ? Path.Combine(Path.GetDirectoryName(file) ?? "", nearest!) : null;
        }
        catch (Exception error) when (StorageException.IsAboutFiles(error))
        {
            return null;
        }
    }

    private static long? ParseNumber(ArgumentResult result, string name, long min, long max)
    {
        string text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        bool isNumber = long.TryParse(
            text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value);
        if (isNumber && value >= min && value <= max)
        {
            return value;
        }

        string range = max == long.MaxValue ? $"a whole number from {min}" : $"a whole number {min}..{max}";
        result.AddError($"{name} {InputException.Quote(text)}: not {range}");
        return null;
    }
}
