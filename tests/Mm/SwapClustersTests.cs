using Mm.State;
using Xunit;

namespace Tests.Mm;

/// <summary>Where a swap device of whole clusters takes its slots.</summary>
public class SwapClustersTests
{
    private const int Cluster = 512;

    [Fact]
    public void Each_order_has_a_cluster_of_its_own_and_goes_on_in_it()
    {
        SwapDevice swap = Device(4);
        Assert.Equal((0, Cluster), (swap.Allocate(), swap.Allocate(16)));
        Assert.Equal((1, Cluster + 16), (swap.Allocate(), swap.Allocate(16)));
        Assert.Equal(2 * Cluster, swap.Allocate(Cluster));
    }

    [Fact]
    public void What_was_freed_is_not_taken_again_at_once()
    {
        SwapDevice swap = Device(4);
        Assert.Equal((0, 1), (swap.Allocate(), swap.Allocate()));
        swap.SetHasCache(0, false);
        Assert.Equal(2, swap.Allocate());
    }

    [Fact]
    public void An_empty_cluster_is_begun_again()
    {
        SwapDevice swap = Device(4);
        Assert.Equal((0, 4), (swap.Allocate(4), swap.Allocate(4)));
        for (int slot = 0; slot < 8; slot++)
        {
            swap.SetHasCache(slot, false);
        }

        Assert.Equal(0, swap.Allocate(4));
        Assert.Equal(4, swap.InUse());
    }

    [Fact]
    public void There_is_no_room_for_a_thp_once_each_cluster_has_something()
    {
        SwapDevice swap = Device(2);
        Assert.Equal((0, Cluster, -1), (swap.Allocate(), swap.Allocate(8), swap.Allocate(Cluster)));
        for (int slot = 1; slot < Cluster; slot++)
        {
            Assert.Equal(slot, swap.Allocate());
        }

        Assert.Equal(-1, swap.Allocate());
    }

    private static SwapDevice Device(int clusters)
    {
        Kernel kernel = new();
        kernel.Reset(1, 4, clusters * Cluster, synchronous: true);
        return kernel.Swap;
    }
}
