using System.Globalization;

namespace Fuzz.Campaign;

/// <summary>A file of a queue.</summary>
/// <param name="Id">Its number, by which its worker calls it; null when its name has none.</param>
/// <param name="Name">Its name.</param>
/// <param name="Content">Its bytes.</param>
public sealed record QueueEntry(int? Id, string Name, byte[] Content)
{
    /// <summary>The highest number: names of more digits would not sort by number any more, and AFL++ goes by
    /// that.</summary>
    public const int IdMax = 999_999;

    private const string Prefix = "id:";
    private const int Digits = 6;
    private const int OriginMax = 200;

    /// <summary>A name as AFL++ 4.04c writes it: <c>id:000012,src:000003,time:17,execs:2209,op:havoc</c>.</summary>
    /// <param name="id">The number.</param>
    /// <param name="origin">What follows the number; anything that is no part of a plain name is replaced, and what is
    /// too long is cut.</param>
    public static string NameOf(int id, string origin)
    {
        string plain = string.Concat(origin.Take(OriginMax).Select(
            letter => char.IsAsciiLetterOrDigit(letter) || ":,+-_.".Contains(letter) ? letter : '_'));
        return string.Create(CultureInfo.InvariantCulture, $"{Prefix}{id:D6},{plain}");
    }

    /// <summary>The number in a name, or null.</summary>
    public static int? IdOf(string name)
    {
        ReadOnlySpan<char> text = name.AsSpan();
        if (!text.StartsWith(Prefix, StringComparison.Ordinal) || text.Length < Prefix.Length + Digits)
        {
            return null;
        }

        text = text[Prefix.Length..];
        bool ends = text.Length == Digits || text[Digits] == ',';
        return ends && int.TryParse(text[..Digits], NumberStyles.None, CultureInfo.InvariantCulture, out int id)
            ? id
            : null;
    }
}
