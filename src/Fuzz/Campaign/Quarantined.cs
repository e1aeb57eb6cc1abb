namespace Fuzz.Campaign;

/// <summary>A file of a corpus that could not be read, and where it was put.</summary>
/// <param name="File">Its name before.</param>
/// <param name="Problem">What is wrong with it; names file, line and column.</param>
/// <param name="MovedTo">Where it is now; the same as <paramref name="File"/> when it could not be moved.</param>
public sealed record Quarantined(string File, string Problem, string MovedTo)
{
    /// <summary>Moves a file into a folder, under a name that is free there.</summary>
    internal static Quarantined PutAside(string file, string problem, string folder)
    {
        string target = Path.Combine(folder, Path.GetFileName(file));
        try
        {
            Directory.CreateDirectory(folder);
            for (int i = 1; Path.Exists(target); i++)
            {
                target = Path.Combine(folder, $"{Path.GetFileName(file)}.{i}");
            }

            Directory.Move(file, target);
            return new Quarantined(file, problem, target);
        }
        catch (Exception error) when (StorageException.IsAboutFiles(error))
        {
            return new Quarantined(file, $"{problem} (and it cannot be moved aside: {error.Message})", file);
        }
    }
}
