using System.Buffers.Binary;
using Fuzz.Campaign;
using Xunit;

namespace Tests.Campaign;

public sealed class SiblingsTests : IDisposable
{
    private const int LengthMax = 100;
    private readonly string folder = Directory.CreateTempSubdirectory("fuzz-siblings-").FullName;

    public SiblingsTests() => Directory.CreateDirectory(Path.Combine(folder, "w0", "queue"));

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Others_are_read_by_name_and_in_order_and_ourselves_are_not()
    {
        Put("w0", "id:000000,op:x", 9);
        Put("w1", "id:000001,op:x", 2);
        Put("w1", "id:000000,op:x", 1);
        Put("afl-main", "id:000000,time:0,execs:0,orig:seed", 5);
        Assert.Equal(["afl-main 5", "w1 1", "w1 2"], Read(New()));
    }

    [Fact]
    public void Each_entry_is_read_once_however_late_and_in_whatever_order_it_comes()
    {
        Siblings siblings = New();
        Put("w1", "id:000002,op:x", 3);
        Assert.Equal(["w1 3"], Read(siblings));
        Put("w1", "id:000000,op:x", 1);
        Put("w2", "id:000000,op:x", 4);
        Assert.Equal(["w1 1", "w2 4"], Read(siblings));
        Put("w1", "id:000001,op:x", 2);
        Assert.Equal(["w1 2"], Read(siblings));
        Assert.Empty(Read(siblings));
    }

    [Fact]
    public void After_a_restart_reading_goes_on_where_it_was_saved_as_AFL_saves_it()
    {
        Siblings first = New();
        Put("w1", "id:000000,op:x", 1);
        Put("w1", "id:000001,op:x", 2);
        Put("w1", "id:000003,op:x", 4);
        Read(first);
        first.Save();
        byte[] saved = File.ReadAllBytes(Path.Combine(folder, "w0", ".synced", "w1"));
        Assert.Equal(2u, BinaryPrimitives.ReadUInt32LittleEndian(saved));

        // What came before a gap that is not filled yet is read again: never lost.
        Put("w1", "id:000002,op:x", 3);
        Assert.Equal(["w1 3", "w1 4"], Read(New()));
    }

    [Fact]
    public void What_was_read_but_not_saved_is_read_again()
    {
        Put("w1", "id:000000,op:x", 1);
        Assert.Single(Read(New()));
        Assert.Single(Read(New()));
    }

    [Fact]
    public void A_queue_that_was_begun_anew_is_read_from_its_beginning()
    {
        for (byte i = 0; i < 5; i++)
        {
            Put("w1", $"id:{i:D6},op:x", i);
        }

        Siblings first = New();
        Read(first);
        first.Save();
        Directory.Delete(Path.Combine(folder, "w1"), recursive: true);
        Put("w1", "id:000000,op:y", 77);
        Assert.Equal(["w1 77"], Read(New()));
    }

    [Fact]
    public void Who_has_lost_his_own_queue_reads_everything_again()
    {
        Put("w1", "id:000000,op:x", 1);
        Siblings first = New();
        Read(first);
        first.Save();
        Assert.Empty(Read(New()));
        Assert.Equal(["w1 1"], Read(new Siblings(folder, "w0", LengthMax, anew: true)));
    }

    [Theory]
    [InlineData(new byte[] { })]
    [InlineData(new byte[] { 1, 2 })]
    [InlineData(new byte[] { 255, 255, 255, 255 })]
    [InlineData(new byte[] { 1, 2, 3, 4, 5, 6, 7, 8, 9 })]
    public void A_broken_note_of_how_far_it_was_read_means_from_the_beginning(byte[] note)
    {
        Put("w1", "id:000000,op:x", 1);
        Directory.CreateDirectory(Path.Combine(folder, "w0", ".synced"));
        File.WriteAllBytes(Path.Combine(folder, "w0", ".synced", "w1"), note);
        Assert.Equal(["w1 1"], Read(New()));
    }

    [Fact]
    public void Crashes_are_read_too_and_the_page_that_AFL_puts_there_is_not()
    {
        Put("afl", "id:000000,op:x", 1);
        Put("afl", "id:000000,sig:06,src:000000,op:havoc,rep:2", 2, "crashes");
        Put("afl", "README.txt", 3, "crashes");
        Assert.Equal(
            [("afl", false), ("afl", true)], New().Read(10).Select(import => (import.Sibling, import.IsCrash)));
    }

    [Fact]
    public void Names_of_libfuzzer_have_no_numbers_and_are_read_all_the_same()
    {
        Put("lib", "da39a3ee5e6b4b0d3255bfef95601890afd80709", 1);
        Siblings siblings = New();
        Assert.Equal(["lib 1"], Read(siblings));
        Assert.Empty(Read(siblings));
    }

    [Fact]
    public void Only_so_many_entries_are_read_at_once_and_the_rest_follows()
    {
        for (byte i = 0; i < 25; i++)
        {
            Put("w1", $"id:{i:D6},op:x", i);
        }

        Siblings siblings = New();
        Assert.Equal([10, 10, 5, 0], Enumerable.Range(0, 4).Select(_ => siblings.Read(10).Count()));
    }

    [Fact]
    public void Links_fifos_devices_folders_and_huge_files_are_passed_over_without_waiting()
    {
        string queue = Path.Combine(folder, "w1", "queue");
        Put("w1", "id:000000,op:x", 1);
        Strange.Link(Path.Combine(queue, "id:000001,op:x"), "/etc/passwd");
        Strange.Fifo(Path.Combine(queue, "id:000002,op:x"));
        Strange.Link(Path.Combine(queue, "id:000003,op:x"), "/dev/zero");
        Directory.CreateDirectory(Path.Combine(queue, "id:000004,op:x"));
        File.WriteAllBytes(Path.Combine(queue, "id:000005,op:x"), []);
        File.SetLastWriteTimeUtc(Path.Combine(queue, "id:000005,op:x"), DateTime.UnixEpoch);
        using (FileStream huge = File.Create(Path.Combine(queue, "id:000006,op:x")))
        {
            huge.SetLength(1L << 40);
        }

        Put("w1", "id:000007,op:x", 8);
        Siblings siblings = New();
        Assert.Equal(["w1 1", "w1 8"], Read(siblings));
        Assert.InRange(siblings.Skipped, 4, 5);
    }

    [Fact]
    public void Workers_with_odd_names_or_behind_links_are_none()
    {
        Put("a\nb", "id:000000,op:x", 1);
        Put("\u001b[2J", "id:000000,op:x", 1);
        Put("-rf", "id:000000,op:x", 1);
        Put(".hidden", "id:000000,op:x", 1);
        Put("quarantine", "id:000000,op:x", 1);
        Put("w1", "id:000000,op:x", 2);
        Strange.Link(Path.Combine(folder, "link"), Path.Combine(folder, "w1"));
        Directory.CreateDirectory(Path.Combine(folder, "w2"));
        Strange.Link(Path.Combine(folder, "w2", "queue"), Path.Combine(folder, "w1", "queue"));
        Assert.Equal(["w1 2"], Read(New()));
    }

    [Fact]
    public void Names_of_entries_may_hold_anything()
    {
        Put("w1", "id:000000,op:\u001b]0;x\a", 1);
        Put("w1", "id:000001,\n..", 2);
        Put("w1", ".id:000002,op:x.Xyz123", 3);
        Assert.Equal(["w1 1", "w1 2"], Read(New()));
    }

    [Fact]
    public void A_worker_that_vanishes_is_survived_and_may_come_back()
    {
        Siblings siblings = New();
        Put("w1", "id:000000,op:x", 1);
        Assert.Single(Read(siblings));
        Directory.Delete(Path.Combine(folder, "w1"), recursive: true);
        Assert.Empty(Read(siblings));
        Put("w1", "id:000000,op:x", 1);
        Put("w1", "id:000001,op:x", 2);
        Assert.Equal(["w1 2"], Read(siblings));
    }

    [Fact]
    public void Two_folders_that_are_copied_to_each_other_share_what_each_found()
    {
        string other = Path.Combine(folder, "other-host");
        Directory.CreateDirectory(Path.Combine(other, "w1", "queue"));
        Put("w0", "id:000000,op:x", 1);
        Put(Path.Combine("other-host", "w1"), "id:000000,op:x", 2);
        CopyAsRsync(Path.Combine(folder, "w0"), Path.Combine(other, "w0"));
        CopyAsRsync(Path.Combine(other, "w1"), Path.Combine(folder, "w1"));
        Assert.Equal(["w1 2"], Read(New()));
        Assert.Equal(["w0 1"], Read(new Siblings(other, "w1", LengthMax, anew: false)));
    }

    [Fact]
    public void What_rsync_brings_is_read_although_it_gives_the_folder_the_time_of_where_it_comes_from()
    {
        Siblings siblings = New();
        for (byte day = 1; day <= 3; day++)
        {
            Put("w1", $"id:00000{day}", day);
            Directory.SetLastWriteTimeUtc(
                Path.Combine(folder, "w1", "queue"), new DateTime(2020, 1, day, 0, 0, 0, DateTimeKind.Utc));
            Assert.Equal([$"w1 {day}"], Read(siblings));
        }
    }

    [Fact]
    public void The_name_of_what_is_taken_over_tells_a_crash_from_an_entry_of_the_same_number()
    {
        Put("afl", "id:000003,op:x", 1);
        Put("afl", "id:000003,sig:06", 2, "crashes");
        Put("lf", "crash-0badcafe", 3, "crashes");
        Assert.Equal(
            ["sync:afl,src:000003", "sync:afl,crash:000003", "sync:lf,crash:crash-0badcafe"],
            New().Read(1000).Select(import => import.Origin));
        Assert.Equal(
            ["afl/queue/id:000003", "afl/crashes/id:000003", "lf/crashes/crash-0badcafe"],
            New().Read(1000).Select(import => import.Place));
    }

    /// <summary>Names that begin with a dot first, renamed when they are whole.</summary>
    private static void CopyAsRsync(string from, string to)
    {
        Directory.CreateDirectory(Path.Combine(to, "queue"));
        foreach (string file in Directory.GetFiles(Path.Combine(from, "queue")))
        {
            string name = Path.GetFileName(file);
            string half = Path.Combine(to, "queue", $".{name}.a1B2c3");
            File.Copy(file, half);
            File.Move(half, Path.Combine(to, "queue", name));
        }
    }

    private static string[] Read(Siblings siblings) =>
        [.. siblings.Read(1000).Select(import => $"{import.Sibling} {import.Entry.Content[0]}")];

    private Siblings New() => new(folder, "w0", LengthMax, anew: false);

    private void Put(string worker, string name, byte content, string kind = "queue")
    {
        Directory.CreateDirectory(Path.Combine(folder, worker, "queue"));
        Directory.CreateDirectory(Path.Combine(folder, worker, kind));
        File.WriteAllBytes(Path.Combine(folder, worker, kind, name), [content]);
    }
}
