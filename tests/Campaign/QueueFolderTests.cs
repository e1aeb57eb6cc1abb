using Fuzz.Campaign;
using Xunit;

namespace Tests.Campaign;

public sealed class QueueFolderTests : IDisposable
{
    private const int LengthMax = 100;
    private readonly string folder = Directory.CreateTempSubdirectory("fuzz-queue-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Entries_are_numbered_in_order_and_named_as_AFL_names_them()
    {
        using (QueueFolder queue = new(folder, LengthMax))
        {
            Assert.Equal(0, queue.Add([1], "src:000000,time:0,execs:1,op:fresh"));
            Assert.Equal(1, queue.Add([2], "sync:other,src:000012"));
        }

        Assert.Equal(
            ["id:000000,src:000000,time:0,execs:1,op:fresh", "id:000001,sync:other,src:000012"], Names());
    }

    [Fact]
    public void What_is_flushed_is_on_the_disk_and_nothing_temporary_is_left()
    {
        using QueueFolder queue = new(folder, LengthMax);
        for (int i = 0; i < 150; i++)
        {
            queue.Add([(byte)i], "op:x");
        }

        queue.Flush();
        Assert.Equal(150, queue.Stored);
        Assert.Equal(Enumerable.Range(0, 150).Select(i => (byte)i), Read(queue).Select(entry => entry.Content[0]));
        Assert.Equal(["queue"], Directory.GetFileSystemEntries(folder).Select(Path.GetFileName));
    }

    [Fact]
    public void Numbers_go_on_where_they_ended_and_what_was_half_written_is_gone()
    {
        using (QueueFolder first = new(folder, LengthMax))
        {
            first.Add([1], "op:x");
        }

        File.WriteAllBytes(Path.Combine(folder, ".id:000001.tmp"), [7]);
        using QueueFolder second = new(folder, LengthMax);
        Assert.Equal(1, second.Add([2], "op:x"));
        second.Flush();
        Assert.Equal([1, 2], Read(second).Select(entry => entry.Content[0]));
        Assert.Empty(Directory.GetFiles(folder, ".id*"));
    }

    [Theory]
    [InlineData("../../../etc/passwd", "id:000003,.._.._.._etc_passwd")]
    [InlineData("sync:\u001b[2J\n,src:1", "id:000003,sync:__2J_,src:1")]
    public void A_name_is_one_plain_name_whatever_an_origin_says(string origin, string expected) =>
        Assert.Equal(expected, QueueEntry.NameOf(3, origin));

    [Theory]
    [InlineData("id:000012,src:000003,time:17,execs:2209,op:havoc,rep:2", 12)]
    [InlineData("id:000012", 12)]
    [InlineData("id:0000123,x", null)]
    [InlineData("id:00001,x", null)]
    [InlineData("id:-00001,x", null)]
    [InlineData("da39a3ee5e6b4b0d3255bfef95601890afd80709", null)]
    [InlineData("id:", null)]
    public void A_number_is_read_only_where_AFL_writes_it(string name, int? expected) =>
        Assert.Equal(expected, QueueEntry.IdOf(name));

    [Fact]
    public void What_is_no_entry_is_put_aside_and_its_number_stays_taken()
    {
        using QueueFolder queue = new(folder, LengthMax);
        for (byte i = 0; i < 5; i++)
        {
            queue.Add([i], "op:x");
        }

        queue.Flush();
        Strange.Link(Replace(1), "/etc/passwd");
        Strange.Fifo(Replace(2));
        File.WriteAllBytes(Replace(3), new byte[LengthMax + 1]);

        List<Quarantined> bad = [];
        QueueEntry[] entries = [.. queue.Read(Path.Combine(folder, "quarantine"), bad)];
        Assert.Equal([0, 4], entries.Select(entry => entry.Id!.Value));
        Assert.Equal(3, bad.Count);
        Assert.All(bad, put => Assert.NotEqual(put.File, put.MovedTo));
        Assert.Equal(5, Names().Length);
        Assert.Equal(5, queue.Count);
        Assert.Empty(Again(queue));

        string Replace(int id)
        {
            string file = Directory.GetFiles(queue.Folder, $"id:{id:D6}*").Single();
            File.Delete(file);
            return file;
        }
    }

    [Fact]
    public void A_disk_that_fails_is_reported_by_the_next_call_and_leaves_no_gap()
    {
        using QueueFolder queue = new(folder, LengthMax);
        queue.Add([1], "op:x");
        queue.Flush();

        // The device that is always full stands in for the disk.
        File.CreateSymbolicLink(Path.Combine(folder, ".id:000001.tmp"), "/dev/full");
        queue.Add([2], "op:x");
        StorageException error = Assert.Throws<StorageException>(queue.Flush);
        Assert.True(error.IsDiskFull);
        Assert.Throws<StorageException>(() => queue.Add([3], "op:x"));
        Assert.Equal(["id:000000,op:x"], Names());
    }

    private static List<QueueEntry> Read(QueueFolder queue) => [.. queue.Read("none", [])];

    private List<Quarantined> Again(QueueFolder queue)
    {
        List<Quarantined> bad = [];
        Assert.Equal(2, queue.Read(Path.Combine(folder, "quarantine"), bad).Count());
        return bad;
    }

    private string[] Names() =>
        [.. Directory.GetFiles(Path.Combine(folder, "queue")).Select(file => Path.GetFileName(file)).Order()];
}
