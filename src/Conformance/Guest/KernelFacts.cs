using System.Globalization;

namespace Conformance.Guest;

/// <summary>What is found out about a kernel once, and then kept beside it: its symbols' addresses, its
/// types.</summary>
internal static class KernelFacts
{
    /// <summary>Addresses of symbols; every boot has them at the same place.</summary>
    /// <exception cref="GuestException">The kernel does not have one.</exception>
    public static Dictionary<string, ulong> Symbols(KernelGuest guest, IReadOnlyList<string> names)
    {
        string file = Path.Combine(guest.Image.Folder, "symbols");
        Dictionary<string, ulong> known = File.Exists(file) ? Parse(File.ReadAllLines(file)) : [];
        if (!names.All(known.ContainsKey))
        {
            known = Parse(guest.Send($"symbols {string.Join(' ', names)}").Lines);
            Store(file, path => File.WriteAllLines(path, known.Select(symbol => $"{symbol.Key} {symbol.Value:x}")));
        }

        return names.FirstOrDefault(name => !known.ContainsKey(name)) is { } missing
            ? throw new GuestException($"{guest.Image.Release} has no symbol {missing}")
            : known;
    }

    /// <summary>The kernel's types.</summary>
    /// <param name="guest">Runs the kernel.</param>
    /// <param name="read">Reads them from its memory.</param>
    public static Btf Types(KernelGuest guest, Func<byte[]> read)
    {
        string file = Path.Combine(guest.Image.Folder, "btf");
        if (!File.Exists(file))
        {
            byte[] section = read();
            Store(file, path => File.WriteAllBytes(path, section));
            return new Btf(section);
        }

        return new Btf(File.ReadAllBytes(file));
    }

    /// <summary>Lines <c>NAME HEX</c>; of symbols with one name the first counts.</summary>
    internal static Dictionary<string, ulong> Parse(IEnumerable<string> lines)
    {
        Dictionary<string, ulong> symbols = new(StringComparer.Ordinal);
        foreach (string[] words in lines.Select(line => line.Split(' ')).Where(words => words.Length == 2))
        {
            if (ulong.TryParse(words[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong address))
            {
                symbols.TryAdd(words[0], address);
            }
        }

        return symbols;
    }

    /// <summary>Whole, or not at all: others may look for it.</summary>
    private static void Store(string file, Action<string> write)
    {
        string unfinished = $"{file}.{Environment.ProcessId}";
        write(unfinished);
        File.Move(unfinished, file, overwrite: true);
    }
}
