using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Fuzz.Programs;
using Fuzz.Report;
using Tests.Campaign;
using Tests.Cli;
using Xunit;

namespace Tests.Report;

public sealed class ReportServerTests : IDisposable
{
    private const StringComparison Exactly = StringComparison.Ordinal;
    private const string Token = "correct horse battery";
    private readonly CampaignFolders folders = new();
    private readonly HttpClient client = new();

    public void Dispose()
    {
        client.Dispose();
        folders.Dispose();
    }

    [Fact]
    public async Task The_page_and_its_data_are_served_with_headers_that_tie_a_browser_down()
    {
        using ReportServer server = Start();
        foreach (string path in (string[])["", "report.json", "failure.json?file=slot-aba.reproducer", "nothing"])
        {
            using HttpResponseMessage answer = await client.GetAsync(new Uri(server.Address, path));
            Assert.Equal(path == "nothing" ? HttpStatusCode.NotFound : HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal($"{ReportPage.Policy}; frame-ancestors 'none'", Header(answer, "Content-Security-Policy"));
            Assert.Equal("nosniff", Header(answer, "X-Content-Type-Options"));
            Assert.Equal("DENY", Header(answer, "X-Frame-Options"));
            Assert.Equal("no-store", Header(answer, "Cache-Control"));
            Assert.Equal("no-referrer", Header(answer, "Referrer-Policy"));
            Assert.False(answer.Headers.Contains("Server"));
        }

        string page = await client.GetStringAsync(server.Address);
        Assert.Contains("data-live=\"true\"", page, Exactly);
        using JsonDocument steps = JsonDocument.Parse(
            await client.GetStringAsync(new Uri(server.Address, "failure.json?file=slot-aba.reproducer")));
        Assert.True(steps.RootElement.GetProperty("steps").GetArrayLength() > 50);
    }

    [Theory]
    [InlineData("../../../../etc/passwd")]
    [InlineData("w0/fuzzer_stats")]
    [InlineData("./slot-aba.reproducer")]
    [InlineData("slot-aba.reproducer\0")]
    [InlineData("")]
    public async Task A_name_that_is_not_listed_is_not_found(string name)
    {
        using ReportServer server = Start();
        Uri address = new(server.Address, $"failure.json?file={Uri.EscapeDataString(name)}");
        using HttpResponseMessage answer = await client.GetAsync(address);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Theory]
    [InlineData("w0")]
    [InlineData("slot-aba.reproducer")]
    [InlineData("%2e%2e/")]
    public async Task The_folder_itself_is_not_served(string path)
    {
        using ReportServer server = Start();
        using HttpResponseMessage answer = await client.GetAsync(new Uri(server.Address, path));
        Assert.Equal(path.EndsWith('/') ? HttpStatusCode.OK : HttpStatusCode.NotFound, answer.StatusCode);
        Assert.DoesNotContain("execs_done", await answer.Content.ReadAsStringAsync(), Exactly);
    }

    [Fact]
    public async Task News_of_the_folder_are_news_of_the_page_and_without_news_there_is_no_body()
    {
        using ReportServer server = Start();
        Uri address = new(server.Address, "report.json");
        using HttpResponseMessage first = await client.GetAsync(address);
        using HttpResponseMessage second = await Ask(address, first.Headers.ETag);
        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);

        folders.Add("lost.reproducer", Failures.LostWaiters);
        using HttpResponseMessage third = await Ask(address, first.Headers.ETag);
        Assert.Equal(HttpStatusCode.OK, third.StatusCode);
        using JsonDocument report = JsonDocument.Parse(await third.Content.ReadAsStringAsync());
        Assert.Equal(2, report.RootElement.GetProperty("failures").GetArrayLength());
    }

    [Fact]
    public async Task A_folder_that_is_gone_is_waited_for()
    {
        using ReportServer server = ReportServer.Start(Path.Combine(folders.Path, "later"), "127.0.0.1:0", null);
        using HttpResponseMessage before = await client.GetAsync(server.Address);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, before.StatusCode);
        folders.Add("later/a.reproducer", Failures.LostWaiters);
        using HttpResponseMessage after = await client.GetAsync(server.Address);
        Assert.Equal(HttpStatusCode.OK, after.StatusCode);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer correct horse battery")]
    [InlineData("Basic")]
    [InlineData("Basic ***")]
    [InlineData("Basic :wrong horse battery")]
    [InlineData("Basic :correct horse battery ")]
    public async Task Without_the_token_there_is_nothing_but_401(string? authorization)
    {
        using ReportServer server = Start(Token);
        foreach (string path in (string[])["", "report.json", "failure.json?file=slot-aba.reproducer", "nothing"])
        {
            using HttpRequestMessage request = new(HttpMethod.Get, new Uri(server.Address, path));
            request.Headers.TryAddWithoutValidation("Authorization", Encode(authorization));
            using HttpResponseMessage answer = await client.SendAsync(request);
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
            Assert.StartsWith("Basic", Header(answer, "WWW-Authenticate"), Exactly);
            Assert.Empty(await answer.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task With_the_token_as_password_all_is_served_under_any_name()
    {
        using ReportServer server = Start(Token);
        using HttpRequestMessage request = new(HttpMethod.Get, server.Address) { Headers = { Host = "lab.example" } };
        request.Headers.TryAddWithoutValidation("Authorization", Encode($"Basic someone:{Token}"));
        using HttpResponseMessage answer = await client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Theory]
    [InlineData("evil.example", HttpStatusCode.MisdirectedRequest)]
    [InlineData("10.0.0.1", HttpStatusCode.MisdirectedRequest)]
    [InlineData("localhost", HttpStatusCode.OK)]
    [InlineData("127.0.0.1:1", HttpStatusCode.OK)]
    public async Task Without_a_token_only_names_of_this_machine_are_answered(string host, HttpStatusCode expected)
    {
        using ReportServer server = Start();
        using HttpRequestMessage request = new(HttpMethod.Get, server.Address) { Headers = { Host = host } };
        using HttpResponseMessage answer = await client.SendAsync(request);
        Assert.Equal(expected, answer.StatusCode);
    }

    [Theory]
    [InlineData("0.0.0.0:0", "others could read it; expected a loopback address (127.0.0.1:PORT), or --serve-token")]
    [InlineData("[::]:0", "others could read it")]
    [InlineData("nonsense", "'nonsense': no address with a port; expected 127.0.0.1:PORT")]
    [InlineData("127.0.0.1", "no address with a port")]
    [InlineData("::1", "no address with a port")]
    [InlineData("127.0.0.1:99999", "no address with a port")]
    [InlineData("192.0.2.1:0", "others could read it")]
    [InlineData("", "no address with a port")]
    public void An_address_that_is_none_or_open_to_others_is_refused(string address, string said) => Assert.Contains(
        said, AppRun.Refused("report", folders.WithWorkers("slot-aba").Path, "--serve", address), Exactly);

    [Fact]
    public void A_short_token_is_refused() => Assert.Contains(
        "--serve-token of 5 characters; expected 16 or more", AppRun.Refused(
            "report", folders.WithWorkers("slot-aba").Path, "--serve", "0.0.0.0:0", "--serve-token", "short"), Exactly);

    [Fact]
    public void A_port_in_use_is_named()
    {
        using ReportServer server = Start();
        string address = $"127.0.0.1:{server.Address.Port}";
        InputException error =
            Assert.Throws<InputException>(() => ReportServer.Start(folders.Path, address, null));
        Assert.Equal(
            $"command line: --serve {address}: the port is in use; expected a free port of this machine "
            + "(port 0 takes any)", error.Message);
    }

    private static string Header(HttpResponseMessage answer, string name) =>
        Assert.Single(answer.Headers.GetValues(name));

    private static string? Encode(string? authorization) =>
        authorization?.Split(' ', 2) is ["Basic", string text] && text.Contains(':', Exactly)
            ? $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(text))}"
            : authorization;

    private async Task<HttpResponseMessage> Ask(Uri address, EntityTagHeaderValue? tag)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, address);
        request.Headers.IfNoneMatch.Add(tag!);
        return await client.SendAsync(request);
    }

    private ReportServer Start(string? token = null) =>
        ReportServer.Start(folders.WithWorkers("slot-aba").Path, "127.0.0.1:0", token);
}
