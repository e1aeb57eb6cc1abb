using Conformance.Guest;
using Xunit;

namespace Tests.Conformance;

public class HostToolTests
{
    [Fact]
    public void A_tool_that_is_missing_is_named_with_the_package_that_has_it()
    {
        HostTool missing = HostTool.Qemu with { Name = "no-such-emulator" };
        GuestException error = Assert.Throws<GuestException>(missing.Require);
        Assert.Equal(
            "no-such-emulator is missing, which runs the guest: "
            + "apt-get install --no-install-recommends qemu-system-x86",
            error.Message);
    }
}
