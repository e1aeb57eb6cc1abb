using Mm.State;
using Xunit;
using static Tests.Mm.Races;

namespace Tests.Mm;

public class AnonVmasTests
{
    [Fact]
    public void The_first_store_makes_a_root()
    {
        World world = World.After("shape pages 2\nsetup write mm0 p0\n write mm0 p1");
        AnonVma root = world.Mm(0).Vmas[0].AnonVma!;
        Assert.Same(root, root.Root);
        Assert.Equal((1, 1, 1), (root.Refcount, root.Children, root.ActiveVmas));
        Assert.Same(world.Mm(0).Vmas[0], Assert.Single(root.Tree).Vma);
        Assert.Equal(1, world.AnonVmasInUse);
    }

    [Fact]
    public void A_child_gets_an_anon_vma_below_its_parents_and_links_to_both()
    {
        World world = World.After("shape mms 2 pages 1\nsetup write mm0 p0\n fork mm0 mm1");
        AnonVma root = world.Mm(0).Vmas[0].AnonVma!;
        Vma child = world.Mm(1).Vmas[0];
        Assert.Same(root, child.AnonVma!.Parent);
        Assert.Same(root, child.AnonVma.Root);
        Assert.Equal([root, child.AnonVma], child.Chain.Select(chain => chain.AnonVma));
        Assert.Equal(2, root.Tree.Count);
        Assert.Equal((2, 2, 1), (root.Refcount, root.Children, root.ActiveVmas));
    }

    [Fact]
    public void A_page_of_the_child_is_in_the_childs_anon_vma_only()
    {
        World world = World.After("shape mms 2 pages 1\nsetup write mm0 p0\n fork mm0 mm1\n write mm1 p0");
        Assert.Same(world.Mm(1).Vmas[0].AnonVma, world.Folio(1, 0).Mapping);
        Assert.Same(world.Mm(1).Vmas[0], Assert.Single(world.Folio(1, 0).Mapping!.Tree).Vma);
    }

    [Fact]
    public void A_grandchild_reuses_the_idle_anon_vma_of_a_process_that_is_gone()
    {
        const string Forks = "shape mms 4 pages 1\nsetup write mm0 p0\n fork mm0 mm1\n fork mm1 mm2\n";
        Assert.Equal(4, World.After($"{Forks} fork mm2 mm3").AnonVmasInUse);
        World world = World.After($"{Forks} exit mm1\n fork mm2 mm3");
        Assert.Equal(3, world.AnonVmasInUse);
        Assert.Same(world.Mm(0).Vmas[0].AnonVma, world.Mm(3).Vmas[0].AnonVma!.Parent);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Of_idle_anon_vmas_fork_reuses_the_oldest_and_since_v7_0_one_that_depends_on_the_forks_before(bool since)
    {
        const string Text = "shape mms 4 pages 1\nsetup write mm0 p0\n fork mm0 mm1\n fork mm1 mm2\n"
            + " exit mm0\n fork mm2 mm0\n fork mm0 mm3\n exit mm1\n exit mm2\n exit mm0\n fork mm3 mm0";
        World world = World.After(Text, since ? ["anon-vma-chain-reverses"] : []);
        AnonVma reused = world.Mm(0).Vmas[0].AnonVma!;
        Assert.Equal(since ? 2 : 1, Depth(reused));

        static int Depth(AnonVma anonVma) => anonVma.Parent == anonVma ? 0 : 1 + Depth(anonVma.Parent!);
    }

    [Fact]
    public void The_root_lives_as_long_as_a_descendant()
    {
        const string Orphan = "shape mms 2 pages 1\nsetup write mm0 p0\n fork mm0 mm1\n exit mm0";
        World world = World.After(Orphan);
        Assert.Equal(2, world.AnonVmasInUse);
        Assert.Equal(0, World.After($"{Orphan}\n exit mm1").AnonVmasInUse);
    }

    [Fact]
    public void Two_first_stores_to_one_mapping_agree_on_one_anon_vma() =>
        Safe("shape pages 2\ncpu0 write mm0 p0\ncpu1 write mm0 p1", preemptions: 3);

    [Theory]
    [InlineData("fork mm0 mm2")]
    [InlineData("fork mm1 mm2")]
    [InlineData("exit mm0")]
    [InlineData("exit mm1")]
    [InlineData("munmap mm1 p0 1")]
    [InlineData("write mm1 p0")]
    public void Growing_and_cutting_the_tree_is_safe(string other) =>
        Safe(
            "shape mms 4 pages 2\nsetup write mm0 p0\n fork mm0 mm1\n"
            + $"cpu0 fork mm0 mm3; exit mm3\ncpu1 {other}",
            preemptions: 1);
}
