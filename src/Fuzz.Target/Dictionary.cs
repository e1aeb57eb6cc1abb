using System.Globalization;
using System.Text;
using Fuzz.Programs;
using Fuzz.Schedules;

namespace Fuzz.Target;

/// <summary>A dictionary for byte-wise mutators: whole records, so that what follows an inserted one stays
/// whole.</summary>
/// <remarks>AFL's format (dictionaries/README.md): <c>name="\x01\x02"</c> lines, which libFuzzer reads, too.</remarks>
public static class Dictionary
{
    /// <summary>Lanes for which there are tokens: the setup and two cpus.</summary>
    private const int Lanes = 3;

    /// <summary>The lines: each call of the language, in the setup and on two cpus.</summary>
    public static string Print(Language language)
    {
        StringBuilder text = new();
        foreach (CallInfo call in language.Calls)
        {
            for (int lane = 0; lane < Lanes; lane++)
            {
                text.Append(CultureInfo.InvariantCulture, $"{call.Name}_{lane}=\"");
                byte[] record = [(byte)lane, call.Kind, 0, 0, 0, 0];
                foreach (byte value in record)
                {
                    text.Append(CultureInfo.InvariantCulture, $"\\x{value:X2}");
                }

                text.Append("\"\n");
            }
        }

        return text.ToString();
    }
}
