using System.Text;
using Conformance.Guest;
using Xunit;

namespace Tests.Conformance.Guest;

public class KernelStoreTests
{
    [Fact]
    public void The_newest_release_of_a_version_goes_by_numbers()
    {
        string[] releases =
        [
            "6.18.5+deb13-cloud-amd64", "6.18.15+deb13-cloud-amd64", "6.1.0-9-cloud-amd64", "6.1.0-56-cloud-amd64",
            "6.19.6+deb13-cloud-amd64",
        ];
        Assert.Equal([releases[1], releases[0]], KernelStore.NewestFirst(releases, "6.18"));
        Assert.Equal([releases[3], releases[2]], KernelStore.NewestFirst(releases, "6.1"));
        Assert.Empty(KernelStore.NewestFirst(releases, "6.2"));
    }

    [Fact]
    public void Kernels_for_virtual_machines_are_told_from_all_other_packages()
    {
        IReadOnlyDictionary<string, string[]> releases = KernelStore.Releases(
        [
            "linux-image-cloud-amd64", "linux-image-6.12.117+deb12-cloud-amd64-dbg", "linux-image-6.12.117+deb12-amd64",
            "linux-image-6.12.117+deb12-cloud-amd64", "linux-image-6.1.0-56-cloud-amd64-unsigned",
            "linux-image-6.1.0-56-cloud-amd64", "linux-image-7.2.12+deb13-cloud-amd64",
            "linux-binary-7.2.12+deb13-cloud-amd64", "linux-binary-unsigned-7.2.12+deb13-cloud-amd64",
        ]);
        Assert.Equal(3, releases.Count);
        Assert.Equal(["linux-image-6.12.117+deb12-cloud-amd64"], releases["6.12.117+deb12-cloud-amd64"]);
        Assert.Equal(["linux-image-6.1.0-56-cloud-amd64"], releases["6.1.0-56-cloud-amd64"]);
        Assert.Equal(
            ["linux-binary-7.2.12+deb13-cloud-amd64", "linux-modules-7.2.12+deb13-cloud-amd64"],
            releases["7.2.12+deb13-cloud-amd64"]);
    }

    [Fact]
    public void Kernels_come_from_the_mirror_that_the_machine_uses_anyway()
    {
        string[] lines =
        [
            .. DebianArchive.Sources(
                ["http://one/debian/ bookworm", "http://one/debian/ sid-updates", "http://two/ bookworm-security"]),
        ];
        Assert.Equal(3, lines.Length);
        Assert.EndsWith("http://one/debian/ bookworm main", lines[0], StringComparison.Ordinal);
        Assert.EndsWith("http://one/debian/ trixie-backports main", lines[1], StringComparison.Ordinal);
        Assert.EndsWith("http://two/ bookworm-security main", lines[2], StringComparison.Ordinal);
        Assert.All(lines, line => Assert.StartsWith("deb [signed-by=", line, StringComparison.Ordinal));
    }

    [Fact]
    public void Without_a_suite_of_Debian_no_mirror_is_guessed() => Assert.Contains(
        "no Debian suite",
        Assert.Throws<GuestException>(() => DebianArchive.Sources(["http://one/ubuntu/ noble"]).ToArray()).Message,
        StringComparison.Ordinal);

    [Fact]
    public void A_module_names_what_has_to_be_loaded_before_it()
    {
        byte[] module = Encoding.ASCII.GetBytes("\x7F" + "ELF\0license=x\0depends=zsmalloc,lz4_compress\0name=zram\0");
        Assert.Equal(["zsmalloc", "lz4_compress"], KernelModules.DependenciesOf(module));
        Assert.Empty(KernelModules.DependenciesOf("\0depends=\0"u8));
        Assert.Empty(KernelModules.DependenciesOf("\0name=brd\0"u8));
    }

    [Fact]
    public void Modules_come_after_those_they_depend_on_and_once()
    {
        string folder = Directory.CreateTempSubdirectory("modules-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "zram.ko"), "\0depends=zs-malloc,built_in\0");
            File.WriteAllText(Path.Combine(folder, "zs-malloc.ko"), "\0depends=\0");
            Assert.Equal(
                ["zs_malloc", "zram"],
                new KernelModules(folder).WithDependencies("zram", "zs_malloc", "brd").Select(module => module.Name));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void An_archive_gives_back_what_was_put_in()
    {
        CpioArchive archive = new();
        byte[] odd = [.. Enumerable.Range(0, 4097).Select(i => (byte)i)];
        archive.AddFile("init", odd);
        archive.AddFolder("modules");
        archive.AddFile("modules/00-a.ko", []);
        (string Path, bool IsFolder, byte[] Content)[] read = [.. CpioArchive.Read(archive.ToArray())];
        Assert.Equal(["init", "modules", "modules/00-a.ko"], read.Select(file => file.Path));
        Assert.Equal([false, true, false], read.Select(file => file.IsFolder));
        Assert.Equal(odd, read[0].Content);
        Assert.Empty(read[2].Content);
    }

    [Fact]
    public void An_archive_that_is_cut_off_is_refused()
    {
        CpioArchive archive = new();
        archive.AddFile("init", new byte[100]);
        byte[] whole = archive.ToArray();
        Assert.Throws<FormatException>(() => CpioArchive.Read(whole[..150]).ToArray());
        Assert.Throws<FormatException>(() => CpioArchive.Read(whole[..^20]).ToArray());
        Assert.Throws<FormatException>(() => CpioArchive.Read([1, 2, 3]).ToArray());
    }

    [Fact]
    public void The_agent_carries_its_sources_with_it()
    {
        SortedDictionary<string, byte[]> sources = AgentBuild.Sources();
        Assert.Contains("main.c", sources.Keys);
        Assert.Contains("agent.h", sources.Keys);
        Assert.Contains("READY", Encoding.ASCII.GetString(sources["main.c"]), StringComparison.Ordinal);
    }
}
