using Fuzz.Campaign;
using Fuzz.Programs;
using Xunit;

namespace Tests.Campaign;

public sealed class CampaignFolderTests : IDisposable
{
    private const StringComparison Exactly = StringComparison.Ordinal;
    private readonly string folder = Directory.CreateTempSubdirectory("fuzz-campaign-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void What_is_fuzzed_is_noted_and_may_be_fuzzed_again()
    {
        Open("b-variant", "a-variant");
        Assert.Equal(folder, Open("a-variant", "b-variant").Folder);
        Assert.Contains("\"a-variant\"", File.ReadAllText(Identity), Exactly);
    }

    [Fact]
    public void Something_else_is_refused_with_one_line_that_names_both()
    {
        Open("a-variant");
        string message = Assert.Throws<InputException>(() => Open()).Message;
        Assert.StartsWith($"{Identity}: 'mm with a-variant' is fuzzed in this folder; expected 'mm'", message, Exactly);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void Another_format_is_refused()
    {
        File.WriteAllText(Identity, """{"format": 99, "language": "mm", "variants": []}""");
        Assert.Contains("the folder is of format 99", Assert.Throws<InputException>(() => Open()).Message, Exactly);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"format\": \"x\"}")]
    [InlineData("{\"format\": 1}")]
    [InlineData("{\"format\": 1e99, \"language\": \"mm\", \"variants\": []}")]
    [InlineData("{\"format\": 1, \"language\": \"\\u001b[2J\", \"variants\": []}")]
    public void Garbage_is_refused_with_one_plain_line(string text)
    {
        File.WriteAllText(Identity, text);
        string message = Assert.Throws<InputException>(() => Open()).Message;
        Assert.StartsWith(Identity, message, Exactly);
        Assert.DoesNotContain(message, char.IsControl);
    }

    [Fact]
    public void Deep_garbage_is_refused_too()
    {
        File.WriteAllText(Identity, new string('[', 60_000));
        Assert.Throws<InputException>(() => Open());
        File.WriteAllText(Identity, new string(' ', 100_000));
        Assert.Throws<InputException>(() => Open());
    }

    [Fact]
    public void A_worker_is_alone_in_its_folder_until_it_ends()
    {
        CampaignFolder campaign = Open();
        using (WorkerFolder first = campaign.TryTake("w0")!)
        {
            Assert.Equal(Path.Combine(folder, "w0"), first.Folder);
            Assert.Null(campaign.TryTake("w0"));
            Assert.Equal(1, campaign.FirstFree("w", 0));
        }

        Assert.Equal(0, campaign.FirstFree("w", 0));
        campaign.TryTake("w0")!.Dispose();
    }

    [Fact]
    public void A_folder_that_cannot_be_locked_is_named()
    {
        CampaignFolder campaign = Open();
        Directory.CreateDirectory(Path.Combine(folder, "w0", ".lock"));
        StorageException error = Assert.Throws<StorageException>(() => campaign.TryTake("w0"));
        Assert.StartsWith(Path.Combine(folder, "w0", ".lock") + ": cannot lock", error.Message, Exactly);
    }

    private string Identity => Path.Combine(folder, "campaign.json");

    private CampaignFolder Open(params string[] variants) =>
        CampaignFolder.Open(folder, MmLanguage.Instance, variants);
}
