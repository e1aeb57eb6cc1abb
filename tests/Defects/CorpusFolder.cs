using Fuzz.Campaign;
using Fuzz.Programs;
using Fuzz.Reporting;
using Mm;
using Mm.History;

namespace Tests.Defects;

/// <summary>The checked-in corpus, found from wherever the tests run.</summary>
internal static class CorpusFolder
{
    /// <summary>The folder that holds <c>Fuzz.sln</c>.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Where the reproducers of known defects are.</summary>
    public static string Defects => Path.Combine(Root, "corpus", "defects");

    /// <summary>The file of a story.</summary>
    public static string FileOf(Story story) => Path.Combine(Defects, story.Name + CorpusStore.ReproducerSuffix);

    /// <summary>The reproducer of a story; its points and variants must be those of this engine.</summary>
    public static Reproducer Read(Story story)
    {
        Points.DefineAll();
        string file = FileOf(story);
        return Reproducer.Parse(
            MmLanguage.Instance, File.ReadAllText(file), file, Points.Table,
            VariantCatalog.All.Select(variant => variant.Name).ToArray());
    }

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Fuzz.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName
            ?? throw new DirectoryNotFoundException($"Fuzz.sln is in no folder above {AppContext.BaseDirectory}");
    }
}
