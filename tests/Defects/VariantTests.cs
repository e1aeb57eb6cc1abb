using System.Reflection;
using Fuzz.Campaign;
using Fuzz.Execution;
using Fuzz.Questions;
using Mm.History;
using Mm.Routines;
using Xunit;

namespace Tests.Defects;

public class VariantTests
{
    private static readonly PropertyInfo[] Table =
        [.. typeof(RoutineTable).GetProperties().Where(slot => slot.PropertyType.IsSubclassOf(typeof(Routine)))];

    private static IEnumerable<Story> Known => Story.All.Concat(Story.Probes).Concat(Story.Rare);

    public static TheoryData<string> Variants => [.. VariantCatalog.All.Select(variant => variant.Name)];

    [Theory]
    [MemberData(nameof(Variants))]
    public void A_variant_replaces_exactly_one_routine(string name)
    {
        Variant variant = VariantCatalog.Find(name)!;
        RoutineTable plain = new MmEngine().Kernel.R;
        RoutineTable changed = new MmEngine(name).Kernel.R;
        PropertyInfo replaced = Assert.Single(
            Table, slot => slot.GetValue(plain)!.GetType() != slot.GetValue(changed)!.GetType());
        Assert.IsType(variant.Type, replaced.GetValue(changed));
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void A_variant_is_one_file_and_overrides_something(string name)
    {
        Variant variant = VariantCatalog.Find(name)!;
        Assert.Equal("Mm.History", variant.Type.Namespace);
        Assert.True(File.Exists(
            Path.Combine(CorpusFolder.Root, "src", "Mm", "History", variant.Type.Name + ".cs")));
        const BindingFlags Own =
            BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        Assert.Contains(variant.Type.GetMethods(Own), method => method.GetBaseDefinition() != method);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void A_variant_says_what_it_is_where_it_stood_what_fixed_it_and_what_people_saw(string name)
    {
        VariantAttribute facts = VariantCatalog.Find(name)!.Facts;
        Assert.Matches("^[a-z0-9]+(-[a-z0-9]+)*$", facts.Name);
        Assert.All(
            new[] { facts.Subject, facts.Origin, facts.Fix, facts.Symptom },
            fact => Assert.False(string.IsNullOrWhiteSpace(fact)));
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void A_variant_has_a_story_unless_it_is_a_fix_or_harmless_or_only_asked_about(string name)
    {
        VariantAttribute facts = VariantCatalog.Find(name)!.Facts;
        bool asked = Question.All.SelectMany(question => question.Cells).Any(cell => cell.Variants.Contains(name));
        // A form that has another one's flaw, and more, shows what that one shows.
        Type flaw = VariantCatalog.Find(name)!.Type.BaseType!;
        bool told = Known.Any(story => story.Variants.Any(
            variant => variant == name || VariantCatalog.Find(variant)!.Type.Equals(flaw)));
        bool blamed = Known.Any(story => story.Variant == name);
        Assert.True(facts.IsFix || facts.IsHarmless ? !blamed : told || asked);
    }

    [Fact]
    public void Stories_and_kernel_versions_name_variants_that_exist()
    {
        Assert.All(
            Known.SelectMany(story => story.Variants),
            name => Assert.NotNull(VariantCatalog.Find(name)));
        Assert.All(
            KernelVersion.All.SelectMany(version =>
                version.Variants), name => Assert.NotNull(VariantCatalog.Find(name)));
    }

    [Fact]
    public void Every_kernel_version_can_be_built() =>
        Assert.All(KernelVersion.All, version =>
            Assert.Equal(version.Variants, new MmEngine(version.Variants).Variants));

    [Fact]
    public void Two_variants_of_one_routine_are_refused()
    {
        string[] swapin = [.. VariantCatalog.All
            .Where(variant => variant.Type.IsSubclassOf(typeof(SwapIn))).Select(variant => variant.Name)];
        Assert.True(swapin.Length >= 2);
        ArgumentException error = Assert.Throws<ArgumentException>(() => new MmEngine(swapin[..2]));
        Assert.Contains("both replace SwapIn", error.Message, StringComparison.Ordinal);
    }
}
