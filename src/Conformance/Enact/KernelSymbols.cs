using System.Globalization;

namespace Conformance.Enact;

/// <summary>What /proc/kallsyms says of a kernel.</summary>
internal sealed class KernelSymbols
{
    /// <summary>Address, type and name; a symbol of a module has the module's behind.</summary>
    private const int WordsOfSymbol = 3;

    private readonly SortedDictionary<string, ulong?> byName = new(StringComparer.Ordinal);
    private readonly (ulong Address, string Name)[] functions;

    /// <summary>Symbols of the kernel itself.</summary>
    /// <param name="lines">Lines <c>ADDRESS TYPE NAME</c>.</param>
    public KernelSymbols(IEnumerable<string> lines)
    {
        List<(ulong Address, string Name)> found = [];
        foreach (string[] words in lines.Select(line => line.Split([' ', '\t'])))
        {
            if (words.Length == WordsOfSymbol && words[1] is not ("U" or "u"))
            {
                ulong address = ulong.Parse(words[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                string[] parts = words[2].Split('.');
                if (words[1] is "t" or "T")
                {
                    found.Add((address, parts[0]));
                }

                if (!parts.Skip(1).Any(part => part is "cold" or "part"))
                {
                    byName[parts[0]] = byName.TryGetValue(parts[0], out ulong? other) && other != address
                        ? null : address;
                }
            }
        }

        functions = [.. found.OrderBy(function => function.Address)];
    }

    /// <summary>Where a function is entered, or a variable is; null where the kernel has none of that name, or several.
    /// What the compiler has made of a function for fewer arguments is that function; a part of one is not.</summary>
    public ulong? AddressOf(string symbol) => byName.GetValueOrDefault(symbol);

    /// <summary>The function that an address is in, by the name in its source; null outside of the kernel.</summary>
    public string? FunctionAt(ulong address)
    {
        int low = 0;
        for (int high = functions.Length; low < high;)
        {
            int middle = (low + high) / 2;
            (low, high) = functions[middle].Address <= address ? (middle + 1, high) : (low, middle);
        }

        bool isKernel = address >> (sizeof(ulong) * 8 - 1) != 0;
        return low == 0 || !isKernel ? null : functions[low - 1].Name;
    }
}
