using Fuzz.Campaign;
using Mm.History;
using Tests.Mm;
using Xunit;

namespace Tests.Defects;

/// <summary>Goal: what no campaign finds in time is seen nevertheless. Method: a program that is known to show it, and
/// all of its schedules.</summary>
public class RareTests
{
    private static readonly Dictionary<string, string> Programs = new()
    {
        ["reused-anon-vma"] =
            """
            setup write mm0 p0
                  drain
            cpu0  compact 1
            cpu1  munmap mm0 p0 1
                  map mm0 p0 1
                  write mm0 p0
            """,
        ["move-late-swapcache"] =
            """
            shape pages 2 slots 1 device async
            setup write mm0 p0
                  pageout mm0 p0
                  reclaim 1
            cpu0  move mm0 p0 p1 1
            cpu1  read mm0 p0
                  pageout mm0 p0
            """,
        ["mremap-rmap"] =
            """
            shape pages 3
            setup write mm0 p1
                  drain
                  mremap mm0 p1 p2 1
            cpu0  mremap mm0 p2 p1 1
            cpu1  compact 1
            """,
        ["mremap-anon-vma"] =
            """
            shape pages 3
            setup write mm0 p0
                  mremap mm0 p0 p2 1
                  munmap mm0 p0 2
                  map mm0 p0 2
            cpu0  mremap mm0 p2 p0 1
            """,
        ["dying-test-first"] =
            """
            shape pages 4 device async thp pmd memcgs 2
            setup attach mm0 memcg1
                  write mm0 p0
                  attach mm0 memcg0
            cpu0  dontneed mm0 p0 4
            cpu1  offline memcg1
            """,
    };

    public static TheoryData<string> Names => [.. Story.Rare.Select(story => story.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_known_program_breaks_the_law_with_the_variant_and_none_without(string name)
    {
        Story story = Story.Rare.First(s => s.Name == name);

        // Those that are harmless without the variant replace what it is a form of.
        string[] others = [.. story.With, .. Successors(story)];
        int preemptions = Races.Shows(Programs[name], story.Variant, $"{story.Oracle}: {story.Law}", [.. story.With]);
        Races.Safe(Programs[name], preemptions, others);
    }

    private static IEnumerable<string> Successors(Story story)
    {
        VariantAttribute? successor = VariantCatalog.Find(story.Variant)!.Type.BaseType!
            .GetCustomAttributes(typeof(VariantAttribute), false).OfType<VariantAttribute>().FirstOrDefault();
        return successor is null ? [] : [successor.Name];
    }
}
