using Fuzz.Campaign;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Reporting;
using Fuzz.Schedules;
using Xunit;

namespace Tests.Campaign;

public sealed class CorpusStoreTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("fuzz-store-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void What_was_stored_is_loaded_again()
    {
        CorpusStore store = new(Path.Combine(folder, "deep", "corpus"));
        TestCase program = Parse("cpu0 write mm0 p0");
        Reproducer reproducer = Sample();

        Assert.True(store.Add(program));
        string file = store.Add("name", reproducer, path => $"report of {path}\n");

        CorpusContents contents = store.Load(MmLanguage.Instance);
        Assert.Equal(program, Assert.Single(contents.Programs).TestCase);
        Assert.Equal((file, reproducer), Assert.Single(contents.Reproducers));
        Assert.Empty(contents.Quarantined);
        Assert.Equal($"report of {file}\n", File.ReadAllText(Path.Combine(store.Folder, "name.report.txt")));
    }

    [Fact]
    public void A_program_is_kept_once_and_nothing_temporary_stays()
    {
        CorpusStore store = new(folder);
        Assert.True(store.Add(Parse("cpu0 write mm0 p0")));
        Assert.False(store.Add(Parse("cpu0 write mm0 p0")));
        Assert.True(store.Add(Parse("cpu0 read mm0 p0")));

        Assert.Equal(2, Directory.GetFiles(folder).Length);
        Assert.All(Directory.GetFiles(folder), file => Assert.EndsWith(".program", file, StringComparison.Ordinal));
    }

    [Fact]
    public void Garbage_is_named_skipped_and_put_aside()
    {
        CorpusStore store = new(folder);
        store.Add("good", Sample(), _ => "");
        string whole = Sample().Print();
        Write("binary.reproducer", [0x80, 0xFF, 0x00, 0x0A, 0x12]);
        Write("nul.program", "cpu0 drain\n\0\0\0"u8.ToArray());
        Write("truncated.reproducer", System.Text.Encoding.UTF8.GetBytes(whole[..(whole.Length / 2)]));
        Write("wrong.program", "cpu0 writ mm0 p0"u8.ToArray());
        Write("empty.reproducer", []);
        Write("unrelated.txt", [0xFF]);

        CorpusContents contents = store.Load(MmLanguage.Instance);

        Assert.Single(contents.Reproducers);
        Assert.Equal(
            ["binary.reproducer", "empty.reproducer", "nul.program", "truncated.reproducer", "wrong.program"],
            contents.Quarantined.Select(bad => Path.GetFileName(bad.File)));
        Assert.All(contents.Quarantined, bad =>
        {
            Assert.Contains(bad.File, bad.Problem, StringComparison.Ordinal);
            Assert.Equal(Path.Combine(folder, "quarantine", Path.GetFileName(bad.File)), bad.MovedTo);
            Assert.True(File.Exists(bad.MovedTo));
            Assert.False(File.Exists(bad.File));
        });
        string wrong = contents.Quarantined[^1].Problem;
        Assert.Contains("wrong.program:1:6: unknown call 'writ'", wrong, StringComparison.Ordinal);
        Assert.Contains("nul.program:2:1: not a text", contents.Quarantined[2].Problem, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(folder, "unrelated.txt")));
        Assert.Empty(store.Load(MmLanguage.Instance).Quarantined);
    }

    [Fact]
    public void Garbage_of_the_same_name_does_not_replace_earlier_garbage()
    {
        CorpusStore store = new(folder);
        for (int i = 0; i < 3; i++)
        {
            Write("a.program", [0xFF, (byte)i]);
            store.Load(MmLanguage.Instance);
        }

        Assert.Equal(3, Directory.GetFiles(Path.Combine(folder, "quarantine")).Length);
    }

    [Fact]
    public void A_huge_file_is_put_aside_unread()
    {
        CorpusStore store = new(folder);
        using (FileStream huge = File.Create(Path.Combine(folder, "huge.program")))
        {
            huge.SetLength(1L << 32);
        }

        Quarantined bad = Assert.Single(store.Load(MmLanguage.Instance).Quarantined);
        Assert.Contains("4294967296 bytes", bad.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_named_with_what_to_do()
    {
        string file = Path.Combine(folder, "file");
        File.WriteAllText(file, "");

        StorageException error = Assert.Throws<StorageException>(() => new CorpusStore(Path.Combine(file, "corpus")));

        Assert.StartsWith(Path.Combine(file, "corpus") + ": cannot write: ", error.Message, StringComparison.Ordinal);
        Assert.EndsWith(
            "; make the folder writable or name another one with --corpus", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.False(error.IsDiskFull);
    }

    [Fact]
    public void A_folder_that_vanished_is_named()
    {
        string gone = Path.Combine(folder, "gone");
        CorpusStore store = new(gone);
        Directory.Delete(gone, recursive: true);

        StorageException reading = Assert.Throws<StorageException>(() => store.Load(MmLanguage.Instance));
        StorageException writing = Assert.Throws<StorageException>(() => store.Add(Parse("cpu0 drain")));
        Assert.StartsWith(gone, reading.Message, StringComparison.Ordinal);
        Assert.StartsWith(gone, writing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_full_disk_is_told_apart_and_leaves_neither_half_a_file_nor_a_lost_one()
    {
        CorpusStore store = new(folder);
        string file = store.Add("name", Sample(), _ => "");
        string before = File.ReadAllText(file);

        // The device that is always full stands in for the disk: the store's temporary file is led there.
        string temporary = $"{file}.{Environment.ProcessId}.tmp";
        File.CreateSymbolicLink(temporary, "/dev/full");
        StorageException error = Assert.Throws<StorageException>(() => store.Add("name", Sample(), _ => "other"));

        Assert.True(error.IsDiskFull);
        Assert.Contains("no space left on the disk; free some space", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllText(file));
        Assert.False(Path.Exists(temporary));
    }

    [Theory]
    [InlineData(28, true)]
    [InlineData(13, false)]
    [InlineData(unchecked((int)0x80070070), true)]
    public void A_full_disk_is_known_by_what_the_system_says(int code, bool full) => Assert.Equal(
        full, StorageException.From("x", "write", new IOException("says the system", code)).IsDiskFull);

    [Theory]
    [InlineData("flags-word", "PG_lru lost", "folio_put", "flags-word-pg_lru-lost-folio_put")]
    [InlineData("kernel", "VM_BUG_ON_FOLIO(a > b, c)", "", "kernel-vm_bug_on_folio-a-b-c")]
    [InlineData("../x", "/etc", "y", "x-etc-y")]
    public void A_signature_gives_a_plain_file_name(string oracle, string law, string routine, string expected) =>
        Assert.Equal(expected, CorpusStore.NameOf(new Signature(oracle, law, routine)));

    [Fact]
    public void Long_signatures_give_short_names_that_differ()
    {
        string one = CorpusStore.NameOf(new Signature("o", new string('x', 300), "r"));
        string other = CorpusStore.NameOf(new Signature("o", new string('x', 300), "s"));

        Assert.InRange(one.Length, 1, 100);
        Assert.NotEqual(one, other);
    }

    private static TestCase Parse(string text) => TestCaseText.Parse(MmLanguage.Instance, text);

    private static Reproducer Sample() => new(
        Parse("setup write mm0 p0\ncpu0 read mm0 p0\ncpu1 pageout mm0 p0").Program,
        new Schedule(Turn.UntilDone(1), Turn.UntilDone(0)), new Signature("content", "wrong word", "do_swap_page"));

    private void Write(string name, byte[] bytes) => File.WriteAllBytes(Path.Combine(folder, name), bytes);
}
