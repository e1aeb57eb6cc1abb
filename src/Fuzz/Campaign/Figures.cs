using System.Globalization;
using System.Text;

namespace Fuzz.Campaign;

/// <summary>Numbers and words of the files that workers leave: written one way, read from anybody.</summary>
internal static class Figures
{
    /// <summary>A count.</summary>
    public static string Print(long value) => Math.Max(value, 0).ToString(CultureInfo.InvariantCulture);

    /// <summary>A rate or a percentage, with two decimals.</summary>
    public static string Print(double value) =>
        (double.IsFinite(value) ? Math.Max(value, 0) : 0).ToString("0.00", CultureInfo.InvariantCulture);

    /// <summary>A count, or null when this is none.</summary>
    public static long? Count(string text) =>
        long.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : null;

    /// <summary>A rate or a percentage, with or without its sign, or null when this is neither.</summary>
    public static double? Share(string text) =>
        double.TryParse(
            text.Trim().TrimEnd('%'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value)
        && double.IsFinite(value)
            ? value
            : null;

    /// <summary>Words on one line, without what a terminal would act on.</summary>
    public static string Plain(string text, int lengthMax)
    {
        StringBuilder plain = new();
        foreach (Rune letter in text.EnumerateRunes())
        {
            if (plain.Length + letter.Utf16SequenceLength > lengthMax)
            {
                break;
            }

            plain.Append(IsFormat(letter) ? " " : letter.ToString());
        }

        return plain.ToString().Trim();
    }

    private static bool IsFormat(Rune letter) => Rune.GetUnicodeCategory(letter) is UnicodeCategory.Control
        or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
