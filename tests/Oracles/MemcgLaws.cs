using Mm.State;
using Xunit;

namespace Tests.Oracles;

/// <summary>Laws about charges and statistics of memory cgroups.</summary>
public class MemcgLaws
{
    private readonly World world = new(memcgs: 3);
    private readonly Folio folio;
    private readonly Memcg own;
    private readonly Memcg other;

    public MemcgLaws()
    {
        own = world.Kernel.Memcgs.Root;
        other = world.Kernel.Memcgs[1];
        folio = world.MapPage();
        world.Step();
        world.Rest();
        world.IsSilent();
    }

    [Fact]
    public void A_memcg_that_changes_without_its_statistics_is_reported_once_the_move_lock_is_free()
    {
        own.MoveLock.TryTake(world.Cpu0);
        folio.SetMemcg(other);
        world.Step(world.First);
        world.IsSilent();
        own.MoveLock.Release(world.Cpu0);
        world.Step(world.Second);
        world.Broke("memcg-stat", "mapped page is counted in another memcg than it is charged to");
    }

    [Fact]
    public void Statistics_that_follow_the_memcg_are_silent()
    {
        own.MoveLock.TryTake(world.Cpu0);
        own.ModifyMapped(folio, -1);
        other.ModifyMapped(folio, 1);
        world.Step();
        folio.SetMemcg(other);
        world.Step();
        own.MoveLock.Release(world.Cpu0);
        other.Charge(1);
        own.Uncharge(1);
        world.Step();
        world.Rest();
        world.IsSilent();
    }

    [Fact]
    public void An_unmapped_page_that_is_counted_twice_is_reported()
    {
        own.ModifyMapped(folio, -2);
        world.Step();
        world.Broke("memcg-stat", "more unmapped pages counted than mapped ones");
    }

    [Fact]
    public void Statistics_that_outlive_the_charge_are_reported()
    {
        folio.SetMemcg(null);
        world.Step();
        world.Broke("memcg-stat", "mapped page is counted after the folio was uncharged");
    }

    [Fact]
    public void A_count_of_mapped_pages_that_is_not_what_is_mapped_is_reported_at_rest()
    {
        own.ModifyMapped(folio, 1);
        world.Rest();
        world.BrokeAt("rest", "rest-memcg", "NR_ANON_MAPPED is not what is there");
    }

    [Fact]
    public void A_count_of_mapped_file_pages_that_is_not_what_is_mapped_is_reported_at_rest()
    {
        Folio unmapped = world.OnLru();
        own.ModifyMapped(unmapped, 1);
        world.Rest();
        world.BrokeAt("rest", "rest-memcg", "NR_FILE_MAPPED is not what is there");
    }

    [Fact]
    public void A_charge_without_a_folio_is_reported_at_rest()
    {
        other.Charge(1);
        world.Rest();
        world.BrokeAt("rest", "rest-memcg", "memory.current is not what is there");
    }

    [Fact]
    public void A_folio_without_a_charge_is_reported_at_rest()
    {
        own.Uncharge(1);
        world.Rest();
        world.BrokeAt("rest", "rest-memcg", "memory.current is not what is there", "page_counter underflow");
    }

    [Fact]
    public void A_mapped_folio_that_nobody_is_charged_for_is_reported_at_rest()
    {
        own.ModifyMapped(folio, -1);
        folio.SetMemcg(null);
        own.Uncharge(1);
        world.Rest();
        world.BrokeAt("rest", "rest-memcg", "mapped folio is charged to nobody", "!memcg");
    }

    [Fact]
    public void A_slot_that_nobody_is_charged_for_is_reported_at_rest()
    {
        world.Kernel.Swap.Duplicate(world.Kernel.Swap.Allocate());
        world.Rest();
        world.BrokeAt("rest", "rest-memcg", "slot in use is charged to nobody");
    }

    [Fact]
    public void A_free_slot_that_is_charged_and_a_charge_that_is_wrong_are_reported_at_rest()
    {
        world.Kernel.Swap.SetRecord(0, other);
        own.UnchargeSwap(1);
        world.Rest();
        world.BrokeAt("rest", "rest-memcg", "free slot is charged", "VM_BUG_ON(old != 0)");
        world.BrokeAt("rest", "rest-memcg", "memory.swap.current is not what is there", "page_counter underflow");
    }

    [Fact]
    public void Charges_that_are_moved_for_ever_are_reported_at_rest()
    {
        other.MovingAccount = 1;
        world.Rest();
        world.BrokeAt("rest", "rest-memcg", "charges are being moved for ever");
    }

    [Fact]
    public void Counters_that_are_not_0_at_the_end_are_reported()
    {
        other.Charge(1);
        other.ChargeSwap(1);
        other.ModifyMapped(folio, 1);
        other.ModifyMapped(world.OnLru(), 1);
        world.End();
        string[] counters = ["memory.current", "memory.swap.current", "NR_ANON_MAPPED", "NR_FILE_MAPPED"];
        foreach (string counter in counters)
        {
            world.BrokeAt("end", "exit-memcg", $"{counter} is not 0 after exit");
        }
    }

    [Fact]
    public void A_free_folio_that_is_charged_is_reported()
    {
        Folio unmapped = world.OnLru();
        FolioList.Remove(world.Kernel, unmapped);
        unmapped.Clear(PageFlag.Lru);
        unmapped.PutTestZero(Holder.Allocation);
        world.Kernel.GiveFrames(unmapped);
        world.Step();
        world.Broke("free-folio", "free folio is charged", "page still charged to cgroup");
    }

    [Fact]
    public void A_cgroup_mutex_and_a_move_lock_left_locked_are_reported()
    {
        world.Kernel.Memcgs.Mutex.TryTakeRead(world.Cpu0);
        other.MoveLock.TryTake(world.Cpu0);
        world.Rest();
        world.BrokeAt("rest", "rest-locks", "semaphore left locked", "blocked for more than 120 seconds");
        world.BrokeAt("rest", "rest-locks", "spinlock left locked", "soft lockup");
    }
}
