namespace Fuzz.Programs;

/// <summary>Finds the name that somebody probably meant.</summary>
public static class Names
{
    /// <summary>The candidate with the least edit distance, letter case aside; the earliest of equals; null without
    /// candidates.</summary>
    public static string? Nearest(string name, IEnumerable<string> candidates)
    {
        string? best = null;
        int bestDistance = int.MaxValue;
        foreach (string candidate in candidates)
        {
            int distance = Distance(name.ToLowerInvariant(), candidate.ToLowerInvariant());
            if (distance < bestDistance)
            {
                best = candidate;
                bestDistance = distance;
            }
        }

        return best;
    }

    /// <summary>Insertions, deletions and replacements of one letter that turn one word into the other (Levenshtein
    /// 1966).</summary>
    /// <remarks>Words are compared up to their 64th letter: no name is as long, and bad input may be.</remarks>
    public static int Distance(string from, string to)
    {
        const int LettersMax = 64;
        ReadOnlySpan<char> a = from.AsSpan(0, Math.Min(from.Length, LettersMax));
        ReadOnlySpan<char> b = to.AsSpan(0, Math.Min(to.Length, LettersMax));
        Span<int> row = stackalloc int[LettersMax + 1];
        for (int j = 0; j <= b.Length; j++)
        {
            row[j] = j;
        }

        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, 1 + Math.Min(row[j], row[j - 1]));
            }
        }

        return row[b.Length];
    }
}
