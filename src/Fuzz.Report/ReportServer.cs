using System.Net;
using System.Net.Sockets;
using Fuzz.Campaign;
using Fuzz.Programs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Fuzz.Report;

/// <summary>A campaign's page, served while the campaign goes on; the page asks for news by itself.</summary>
/// <remarks>
/// Three addresses and nothing else: <c>/</c>, <c>/report.json</c> and <c>/failure.json?file=NAME</c>, where a name is
/// looked up among those of the folder and never becomes a path. It answers on loopback only, unless there is a token
/// that each request must carry as the password of HTTP's Basic scheme (RFC 7617, any user name). It speaks plain HTTP:
/// put a proxy with TLS before it where the network is not to be trusted.
/// </remarks>
public sealed class ReportServer : IDisposable
{
    /// <summary>Fewest characters of a token.</summary>
    public const int TokenMin = 16;

    private const int ConnectionsMax = 64;

    private readonly WebApplication site;

    private ReportServer(WebApplication site) => this.site = site;

    /// <summary>Where it answers.</summary>
    public Uri Address => new(site.Urls.First());

    /// <summary>Starts serving, on threads of its own.</summary>
    /// <param name="folder">The campaign's folder; need not be there yet.</param>
    /// <param name="address"><c>127.0.0.1:8080</c>, <c>[::1]:8080</c> or <c>localhost:8080</c>; port 0 takes any that
    /// is free.</param>
    /// <param name="token">What each request must carry, or null.</param>
    /// <exception cref="InputException">The address is none, is in use, or is open to others without a
    /// token.</exception>
    public static ReportServer Start(string folder, string address, string? token)
    {
        IPEndPoint endpoint = Parse(address);
        if (token is null && !IPAddress.IsLoopback(endpoint.Address))
        {
            throw Bad($"{address}: others could read it", "a loopback address (127.0.0.1:PORT), or --serve-token");
        }

        if (token is { Length: < TokenMin })
        {
            throw new InputException(
                "command line", 0, 0, $"--serve-token of {token.Length} characters", $"{TokenMin} or more");
        }

        WebApplication application = Build(folder, endpoint, token);
        try
        {
            application.Start();
            return new ReportServer(application);
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            ((IDisposable)application).Dispose();
            bool inUse = error.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException;
            throw Bad(
                $"{address}: {(inUse ? "the port is in use" : error.Message.TrimEnd('.').ReplaceLineEndings(" "))}",
                "a free port of this machine (port 0 takes any)");
        }
    }

    /// <summary>Stops serving.</summary>
    public void Dispose()
    {
        using CancellationTokenSource atOnce = new();
        atOnce.Cancel();
        site.StopAsync(atOnce.Token).GetAwaiter().GetResult();
        ((IDisposable)site).Dispose();
    }

    private static WebApplication Build(string folder, IPEndPoint endpoint, string? token)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            options.Limits.MaxConcurrentConnections = ConnectionsMax;
            options.Limits.MaxRequestBodySize = 0;
            options.Listen(endpoint);
        });
        WebApplication application = builder.Build();
        LiveReport report = new(folder);
        application.Use(next => new RequestGuard(token, next).Invoke);
        application.UseRouting();
        application.MapGet("/", context => Answer(context, "text/html; charset=utf-8", report.Page));
        application.MapGet("/report.json", context => Answer(context, "application/json", report.Json));
        application.MapGet("/failure.json", context => Answer(
            context, "application/json", () => report.Failure(context.Request.Query["file"].ToString())));
        return application;
    }

    private static async Task Answer(HttpContext context, string type, Func<LiveAnswer?> find)
    {
        LiveAnswer? answer;
        try
        {
            answer = find();
        }
        catch (Exception error) when (error is InputException or StorageException)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        if (answer is null)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        context.Response.Headers.ETag = answer.Tag;
        if (context.Request.Headers.IfNoneMatch == answer.Tag)
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        context.Response.ContentType = type;
        await context.Response.WriteAsync(answer.Text, context.RequestAborted).ConfigureAwait(false);
    }

    private static IPEndPoint Parse(string address)
    {
        const string Local = "localhost:";
        string text = address.StartsWith(Local, StringComparison.OrdinalIgnoreCase)
            ? $"127.0.0.1:{address[Local.Length..]}"
            : address;
        bool hasPort = text.LastIndexOf(':') > text.LastIndexOf(']') && text.Length > 0 && char.IsAsciiDigit(text[^1])
            && (text[0] == '[' || text.IndexOf(':', StringComparison.Ordinal) == text.LastIndexOf(':'));
        return hasPort && IPEndPoint.TryParse(text, out IPEndPoint? endpoint)
            ? endpoint
            : throw Bad($"{InputException.Quote(address)}: no address with a port", "127.0.0.1:PORT");
    }

    private static InputException Bad(string problem, string expected) =>
        new("command line", 0, 0, $"--serve {problem}", expected);

    /// <summary>Leaves Ctrl-C to the command that serves.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
