using Fuzz.Execution;
using Mm.State;
using Xunit;

namespace Tests.Oracles;

/// <summary>Laws about the graph of VMAs and anon_vmas, and about the reverse map, at rest.</summary>
public class AnonVmaLaws
{
    private readonly World world = new();
    private readonly Folio folio;
    private readonly AnonVma root;
    private readonly Vma child;

    public AnonVmaLaws()
    {
        folio = world.MapPage();
        root = world.Prepare();
        child = world.Fork();
        world.Share(folio);
        world.Rest();
        world.IsSilent();
    }

    [Fact]
    public void A_wrong_number_of_children_is_reported()
    {
        root.Children++;
        world.Rest();
        Broke("anon-vma-tree", "num_children is wrong", "VM_WARN_ON(anon_vma->num_children)");
    }

    [Fact]
    public void A_wrong_number_of_active_VMAs_is_reported()
    {
        root.ActiveVmas = 0;
        world.Rest();
        Broke("anon-vma-tree", "num_active_vmas is wrong", "VM_WARN_ON(anon_vma->num_active_vmas)");
    }

    [Fact]
    public void A_root_without_its_descendant_s_reference_is_reported()
    {
        root.Refcount--;
        world.Rest();
        Broke("anon-vma-tree", "anon_vma refcount is wrong", "VM_BUG_ON");
    }

    [Fact]
    public void A_link_that_is_in_no_tree_is_reported()
    {
        root.Tree.RemoveAt(1);
        world.Rest();
        Broke("anon-vma-tree", "chains and trees differ");
    }

    [Fact]
    public void A_link_that_is_in_no_chain_is_reported()
    {
        child.Chain.RemoveAt(0);
        world.Rest();
        Broke("anon-vma-tree", "chains and trees differ");
    }

    [Fact]
    public void A_VMA_that_is_not_linked_to_its_own_anon_vma_is_reported()
    {
        child.Chain[1].AnonVma.Tree.Clear();
        child.Chain.RemoveAt(1);
        world.Rest();
        Broke("anon-vma-tree", "VMA is not linked to its own anon_vma");
        Broke("anon-vma-tree", "anon_vma without VMAs is alive");
    }

    [Fact]
    public void A_VMA_linked_to_a_freed_anon_vma_is_reported()
    {
        world.Kernel.FreeAnonVma(child.AnonVma!);
        world.Rest();
        Broke("anon-vma-tree", "VMA is linked to a freed anon_vma");
    }

    [Fact]
    public void A_mapping_that_the_reverse_map_does_not_find_is_reported()
    {
        folio.SetMapping(child.AnonVma!);
        world.Rest();
        Broke("rest-rmap", "reverse map misses a mapping", "VM_BUG_ON_FOLIO");
    }

    [Fact]
    public void A_wrong_index_is_reported()
    {
        folio.SetIndex(1);
        world.Rest();
        Broke("rest-rmap", "index is wrong", "VM_BUG_ON_PAGE");
    }

    [Fact]
    public void An_entry_outside_of_all_VMAs_is_reported()
    {
        child.Start = 1;
        world.Rest();
        Broke("rest-rmap", "entry outside of all VMAs");
    }

    private Violation Broke(string oracle, string law, string? message = null) =>
        world.BrokeAt("rest", oracle, law, message);
}
