using Conformance;
using Fuzz.Programs;
using Generators;
using Tests.Defects;
using Xunit;

namespace Tests.Conformance;

public class ComparisonTests
{
    /// <summary>One page is mapped, one in swap, one is locked.</summary>
    private const string Sample = "shape mms 2 pages 4 slots 4 device sync\n"
        + "setup write mm0 p0; write mm0 p1; pageout mm0 p1; fork mm0 mm1; mlock mm0 p2 1";

    /// <summary>The same without swap: there the kernel is not free to make pages active.</summary>
    private const string NoSwap = "shape mms 2 pages 4 slots 4 device sync\nsetup write mm0 p0; fork mm0 mm1";

    /// <summary>The release with which most is compared.</summary>
    private static readonly Release Strictest = Release.All[^1];

    /// <summary>For each observable that is compared, a kernel that differs in nothing else.</summary>
    private static readonly Dictionary<string, Func<Reaction, Reaction>> Teeth = new(StringComparer.Ordinal)
    {
        ["answer"] = reaction => reaction with { Answer = "-EIO" },
        ["messages"] = OfView(view => view with { Messages = ["WARNING"] }),
        ["alive"] = OfProcess(process => process with { Alive = !process.Alive }),
        ["mapped"] = OfVma(VmaTraits.Mapped),
        ["writable"] = OfVma(VmaTraits.Writable),
        ["shared"] = OfVma(VmaTraits.Shared),
        ["locked"] = OfVma(VmaTraits.Locked),
        ["dontfork"] = OfVma(VmaTraits.DontCopy),
        ["entry"] = OfPage(0, page => page with { Entry = EntryKind.Special }),
        ["frame"] = OfPage(4, page => page with { Object = page.Object + 1 }),
        ["slot"] = OfPage(5, page => page with { Object = page.Object + 1 }),
        ["mapcount"] = OfPage(0, page => page with { Mapcount = page.Mapcount + 1 }),
        ["anon"] = OfTrait(PageTraits.Anon),
        ["large"] = OfTrait(PageTraits.Large),
        ["head"] = OfTrait(PageTraits.Head),
        ["swapbacked"] = OfTrait(PageTraits.Swapbacked),
        ["swapcache"] = OfTrait(PageTraits.Swapcache),
        ["exclusive"] = OfTrait(PageTraits.Exclusive),
        ["mlocked"] = OfTrait(PageTraits.Mlocked),
        ["poisoned"] = OfTrait(PageTraits.Poisoned),
        ["uptodate"] = OfTrait(PageTraits.Uptodate),
        ["writeback"] = OfTrait(PageTraits.Writeback),
        ["dirty"] = OfTrait(PageTraits.Dirty),
        ["ksm"] = OfTrait(PageTraits.Ksm),
        ["lru"] = OfTrait(PageTraits.Lru),
        ["unevictable"] = OfTrait(PageTraits.Unevictable),
        ["active"] = OfTrait(PageTraits.Active),
        ["rss-anon"] = OfProcess(process => process with { Anon = process.Anon + 1 }),
        ["rss-file"] = OfProcess(process => process with { File = process.File + 1 }),
        ["rss-shmem"] = OfProcess(process => process with { Shmem = process.Shmem + 1 }),
        ["swap"] = OfProcess(process => process with { Swap = process.Swap + 1 }),
        ["content"] = OfInside(inside => inside with { Content = 7 }),
        ["rights"] = OfInside(inside => inside with { Rights = Inside.RightsOf(writable: false, dirty: false) }),
        ["references"] = OfInside(inside => inside with { References = inside.References + 1 }),
        ["merged"] = OfInside(inside => inside with { Merged = inside.Merged is false }),
        ["swap-count"] = OfPage(1, page => page with { Inside = page.Inside! with { SwapCount = 7 } }),
        ["anon-vma"] = OfAnonVma(anonVma => anonVma with { Root = anonVma.Root + 1 }),
        ["anon-vma-refs"] = OfAnonVma(anonVma => anonVma with { References = anonVma.References + 1 }),
        ["anon-vma-children"] = OfAnonVma(anonVma => anonVma with { Children = anonVma.Children + 1 }),
        ["anon-vma-vmas"] = OfAnonVma(anonVma => anonVma with { ActiveVmas = anonVma.ActiveVmas + 1 }),
        ["locked-vm"] = OfProcess(process => process with { Locked = process.Locked + 1 }),
        ["swap-on"] = OfView(view => view with { SwapOn = !view.SwapOn }),
        ["swap-used"] = OfView(view => view with { SlotsUsed = view.SlotsUsed + 1 }),
    };

    public static TheoryData<string> Compared => new(Teeth.Keys);

    [Fact]
    public void Every_observable_that_is_compared_has_teeth() => Assert.Equal(
        new Comparison(Strictest).Compared.Select(observable => observable.Name), Teeth.Keys);

    [Theory]
    [MemberData(nameof(Compared))]
    public void A_kernel_that_differs_in_one_thing_is_told_so(string observable)
    {
        Reaction engine = Sides.After(observable == "active" ? NoSwap : Sample);
        Comparison comparison = new(Strictest);
        Assert.Null(comparison.First(engine, engine));
        Assert.Equal(observable, comparison.First(engine, Teeth[observable](engine))?.Observable.Name);
    }

    [Fact]
    public void What_a_kernel_does_not_show_is_not_compared()
    {
        Reaction engine = Sides.After(Sample);
        Reaction silent = OfProcess(
            process => process with { Anon = null, File = null, Shmem = null, Swap = null, Locked = null })(engine);
        Assert.Null(new Comparison(Release.Text).First(engine, silent with { Answer = null }));
    }

    [Fact]
    public void Once_something_was_in_swap_a_kernel_may_make_pages_active()
    {
        Reaction engine = Sides.After(Sample);
        Assert.Null(new Comparison(Strictest).First(engine, OfTrait(PageTraits.Active)(engine)));
        Reaction file = Sides.After("shape device sync\nsetup mapshared mm0 p0 f0 i0; read mm0 p0");
        Assert.Null(new Comparison(Strictest).First(file, OfTrait(PageTraits.Active)(file)));
    }

    [Fact]
    public void What_an_older_kernel_says_otherwise_is_not_compared_with_it()
    {
        Release old = Release.Find("6.12")!;
        Reaction engine = Sides.After(NoSwap);
        foreach (string name in Teeth.Keys.Except(["slot", "swap-count"]))
        {
            Mismatch? found = new Comparison(old).First(engine, Teeth[name](engine));
            Assert.Equal(Observables.All.First(each => each.Name == name).AppliesTo(old), found is not null);
        }
    }

    [Fact]
    public void Every_observable_has_its_reason_and_the_page_of_the_folder_has_the_same_table()
    {
        string[] page = File.ReadAllLines(Path.Combine(CorpusFolder.Root, "src", "Conformance", "README.md"));
        string[] expected = [.. Observables.All.Select(observable =>
            $"| {observable.Name} | {Word(observable)} | {observable.Reason} |")];
        Assert.Equal(expected, page.Where(line => expected.Contains(line, StringComparer.Ordinal)));
        Assert.DoesNotContain(Observables.All, observable => observable.Reason.Length == 0);
    }

    [Fact]
    public void Every_freedom_names_an_observable_and_stands_in_the_page_of_the_folder()
    {
        string page = File.ReadAllText(Path.Combine(CorpusFolder.Root, "src", "Conformance", "README.md"));
        Assert.All(Freedom.All, freedom =>
        {
            Assert.Contains(Observables.All, observable => observable.Name == freedom.Observable);
            Assert.Contains(
                $"| {freedom.Name} | {freedom.Observable} | {freedom.Reason} |", page, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("6.12", PageTraits.Large, EntryKind.Swapped, true)]
    [InlineData("6.12", PageTraits.None, EntryKind.Swapped, false)]
    [InlineData("6.12", PageTraits.Large, EntryKind.Present, false)]
    [InlineData("6.18", PageTraits.Large, EntryKind.Swapped, false)]
    public void A_page_that_stays_in_swap_is_excused_in_large_folios_of_kernels_with_slots_in_stock(
        string kernel, PageTraits trait, EntryKind was, bool excused)
    {
        Reaction engine = OfPage(0, page => page with { Traits = page.Traits | trait })(Sides.After(NoSwap));
        View before = OfPage(0, page => page with { Entry = was })(engine).View;
        Observable entry = Observables.All.First(observable => observable.Name == "entry");
        Mismatch mismatch = new(entry, engine.View.Pages[0].Subject, "present", "swapped");
        Program program = ProgramText.Parse(MmLanguage.Instance, NoSwap);
        Difference difference = new(program, mismatch, before, engine, engine);
        Assert.Equal(excused ? "slots-in-stock" : null, Freedom.Of(difference, Release.Find(kernel)!)?.Name);
    }

    [Theory]
    [InlineData("async", EntryKind.Swapped, true)]
    [InlineData("sync", EntryKind.Swapped, false)]
    [InlineData("async", EntryKind.Present, false)]
    public void A_page_that_readahead_brings_back_alone_need_not_be_exclusive(
        string device, EntryKind was, bool excused)
    {
        Reaction engine = Sides.After(NoSwap);
        View before = OfPage(0, page => page with { Entry = was })(engine).View;
        Observable exclusive = Observables.All.First(observable => observable.Name == "exclusive");
        Mismatch mismatch = new(exclusive, engine.View.Pages[0].Subject, "yes", "no");
        Program program = ProgramText.Parse(MmLanguage.Instance, $"shape device {device}\nsetup write mm0 p0");
        Difference difference = new(program, mismatch, before, engine, engine);
        Assert.Equal(excused ? "readahead-of-one" : null, Freedom.Of(difference, Release.Text)?.Name);
    }

    private static string Word(Observable observable) => observable.Comparing switch
    {
        Comparing.Exact => "exact",
        Comparing.Drained => "drained",
        Comparing.OneOf => "one of",
        _ => "not compared",
    } + (observable.Since is { } since ? $", from {since}" : "");

    private static Func<Reaction, Reaction> OfView(Func<View, View> change) =>
        reaction => reaction with { View = change(reaction.View) };

    private static Func<Reaction, Reaction> OfPage(int index, Func<PageView, PageView> change) => OfView(view =>
    {
        PageView[] pages = [.. view.Pages];
        pages[index] = change(pages[index]);
        return view with { Pages = pages };
    });

    private static Func<Reaction, Reaction> OfInside(Func<Inside, Inside> change) =>
        OfPage(0, page => page with { Inside = change(page.Inside!) });

    private static Func<Reaction, Reaction> OfAnonVma(Func<AnonVmaView, AnonVmaView> change) =>
        OfInside(inside => inside with { AnonVma = change(inside.AnonVma!) });

    private static Func<Reaction, Reaction> OfTrait(PageTraits trait) =>
        OfPage(0, page => page with { Traits = page.Traits ^ trait });

    private static Func<Reaction, Reaction> OfVma(VmaTraits trait) =>
        OfPage(0, page => page with { Vma = page.Vma ^ trait });

    private static Func<Reaction, Reaction> OfProcess(Func<ProcessView, ProcessView> change) => OfView(
        view => view with { Processes = [change(view.Processes[0]), .. view.Processes.Skip(1)] });
}
