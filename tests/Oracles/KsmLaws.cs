using Mm.State;
using Xunit;

namespace Tests.Oracles;

/// <summary>The laws of KSM: each fires where it is broken, and is silent where it is not.</summary>
public class KsmLaws
{
    private readonly World world = new();

    [Fact]
    public void A_merged_page_that_the_stable_tree_knows_is_silent()
    {
        Merge();
        world.Step();
        world.Rest();
        world.IsSilent();
    }

    [Fact]
    public void A_KSM_folio_that_becomes_a_plain_one_is_reported()
    {
        Folio folio = Merge();
        folio.SetMapping(world.Prepare());
        world.Step();
        world.Broke("ksm-sticky", "KSM tag was taken away");
    }

    [Fact]
    public void A_KSM_page_that_is_marked_exclusive_is_reported()
    {
        Folio folio = Merge();
        folio.Set(PageFlag.AnonExclusive);
        world.Step();
        world.Broke("ksm-exclusive", "KSM page is exclusive", "PageAnonExclusive(kpage)");
    }

    [Fact]
    public void A_KSM_folio_of_a_freed_node_is_reported_once_it_is_unlocked()
    {
        Folio folio = Merge();
        StableNode node = folio.StableNode!;
        world.Lock(folio);
        world.Kernel.Ksm.FreeNode(node);
        world.Step();
        world.IsSilent();
        folio.Clear(PageFlag.Locked);
        world.Step(world.Second);
        world.Broke("ksm-node", "KSM folio of a freed stable node");
    }

    [Fact]
    public void A_KSM_folio_of_another_folios_node_is_reported()
    {
        Folio folio = Merge();
        Folio other = world.MapPage(1);
        folio.StableNode!.SetPfn(other.Pfn);
        folio.SetStableNode(folio.StableNode);
        world.Step();
        world.Broke(
            "ksm-node", "KSM folio of a stable node that is another folio's", "stable_node->kpfn != folio_pfn(folio)");
    }

    [Fact]
    public void An_item_in_a_list_that_it_does_not_name_is_reported()
    {
        Merge();
        world.Kernel.Ksm.Items[0].Head = null;
        world.Rest();
        world.BrokeAt("rest", "rest-ksm", "item in a list that it does not name");
        world.BrokeAt("rest", "rest-ksm", "item has an anon_vma only while it is in a list");
        world.BrokeAt("rest", "rest-ksm", "items and lists differ");
    }

    [Fact]
    public void An_item_that_does_not_lead_to_its_page_is_reported()
    {
        Merge();
        AnonVma elsewhere = world.Kernel.AllocateAnonVma();
        elsewhere.TruthItems = 1;
        world.Kernel.Ksm.Items[0].AnonVma!.Refcount--;
        world.Kernel.Ksm.Items[0].AnonVma!.TruthItems--;
        world.Kernel.Ksm.Items[0].AnonVma = elsewhere;
        world.Rest();
        world.BrokeAt("rest", "rest-ksm", "reverse map misses a merged page");
    }

    [Fact]
    public void A_mutex_of_ksmd_that_stays_locked_is_reported()
    {
        world.Kernel.Ksm.Mutex.TryTakeRead(world.Cpu0);
        world.Rest();
        world.BrokeAt("rest", "rest-locks", "semaphore left locked", "blocked for more than 120 seconds");
    }

    /// <summary>The first page of the first process as KSM leaves it: one item, one node.</summary>
    private Folio Merge()
    {
        Folio folio = world.MapPage();
        folio.Clear(PageFlag.AnonExclusive);
        world.Mm0.SetPte(0, World.Present(folio, PteFlag.Young));
        KsmState ksm = world.Kernel.Ksm;
        StableNode node = ksm.AllocateNode()!;
        node.SetPfn(folio.Pfn);
        folio.SetStableNode(node);
        RmapItem item = ksm.AddItem(world.Mm0, 0);
        item.Head = node;
        item.AnonVma = world.Prepare();
        item.AnonVma.Refcount++;
        item.AnonVma.TruthItems++;
        node.Items.Add(item);
        world.Step();
        return folio;
    }
}
