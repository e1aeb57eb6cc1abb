using Conformance.Guest;
using Xunit;

namespace Tests.Conformance.Guest;

public sealed class SetupTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("setup-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void What_is_missing_is_named_with_the_command_that_gets_it()
    {
        foreach (HostTool tool in HostTool.All.Except([HostTool.Qemu, HostTool.Xz]))
        {
            File.WriteAllText(Path.Combine(folder, tool.Name), "");
        }

        // None of these is in /sbin, where Find looks, too.
        Setup setup = Setup.Of(new CacheFolder(Path.Combine(folder, "cache")), folder);
        Assert.Equal([HostTool.Qemu, HostTool.Xz], setup.Missing);
        Assert.False(setup.IsComplete);
        Assert.Equal("apt-get install --no-install-recommends qemu-system-x86 xz-utils", setup.Command);
        string[] lines = [.. setup.Describe()];
        Assert.Contains(lines, line => line.StartsWith("missing  qemu-system-x86_64", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("found    gcc", StringComparison.Ordinal));
        Assert.Equal($"to have what is missing: {setup.Command}", lines[^1]);
    }

    [Fact]
    public void When_nothing_is_missing_there_is_no_command_and_kernels_are_listed()
    {
        foreach (HostTool tool in HostTool.All)
        {
            File.WriteAllText(Path.Combine(folder, tool.Name), "");
        }

        CacheFolder cache = new(Path.Combine(folder, "cache"));
        Assert.Contains("no kernel", Setup.Of(cache, folder).Describe().Last(), StringComparison.Ordinal);
        Directory.CreateDirectory(cache.Place("kernels", "6.18.15+deb13-cloud-amd64"));
        Directory.CreateDirectory(cache.Place("kernels", "6.12.1+deb12-cloud-amd64.new"));
        Setup setup = Setup.Of(cache, folder);
        Assert.True(setup.IsComplete);
        Assert.Equal("", setup.Command);
        Assert.EndsWith("cache: 6.18.15+deb13-cloud-amd64", setup.Describe().Last(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_program_is_an_error_of_one_line_with_the_command()
    {
        GuestException error = Assert.Throws<GuestException>(
            () => new HostTool("no-such-program", "some-package", "does something").Run([]));
        Assert.Equal(
            "no-such-program is missing, which does something: apt-get install --no-install-recommends some-package",
            error.Message);
    }

    [Fact]
    public void A_program_that_fails_is_quoted()
    {
        GuestException error = Assert.Throws<GuestException>(
            () => new HostTool("sh", "dash", "").Run(["-c", "echo W: never mind >&2; echo no luck >&2; exit 3"]));
        Assert.Equal("sh failed with 3: no luck", error.Message);
    }

    [Fact]
    public void A_folder_of_the_cache_is_made_once_and_whole()
    {
        CacheFolder cache = new(folder);
        Assert.Throws<GuestException>(() => cache.Folder("a/b", made =>
        {
            File.WriteAllText(Path.Combine(made, "half"), "");
            throw new GuestException("no more");
        }));
        Assert.False(Directory.Exists(Path.Combine(folder, "a", "b")));
        int times = 0;
        for (int i = 0; i < 2; i++)
        {
            string path = cache.Folder("a/b", made =>
            {
                times++;
                Assert.Empty(Directory.GetFileSystemEntries(made));
            });
            Assert.Equal(Path.Combine(folder, "a", "b"), path);
        }

        Assert.Equal(1, times);
    }
}
