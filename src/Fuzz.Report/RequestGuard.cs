using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Fuzz.Report;

/// <summary>Lets a request through that may be answered, and says in each answer what a browser must not do with
/// it.</summary>
/// <param name="token">What each request must carry, or null: then it must have named this machine.</param>
/// <param name="next">Who answers.</param>
internal sealed class RequestGuard(string? token, RequestDelegate next)
{
    private readonly byte[]? expected = token is null ? null : Digest(token);

    /// <summary>Handles one request.</summary>
    public Task Invoke(HttpContext context)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentSecurityPolicy = $"{ReportPage.Policy}; frame-ancestors 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers.CacheControl = "no-store";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        if (expected is not null && !CarriesToken(context.Request.Headers.Authorization))
        {
            headers.WWWAuthenticate = "Basic realm=\"fuzz: the token is the password\", charset=\"UTF-8\"";
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return Task.CompletedTask;
        }

        // A page elsewhere could give this machine's address to a name of its own (DNS rebinding) and read the answers.
        if (expected is null && !IsThisMachine(context.Request.Host.Host))
        {
            context.Response.StatusCode = StatusCodes.Status421MisdirectedRequest;
            return Task.CompletedTask;
        }

        return next(context);
    }

    private static bool IsThisMachine(string host) =>
        string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host, out IPAddress? address) && IPAddress.IsLoopback(address));

    private static byte[] Digest(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    /// <summary>Compares digests, in a time that says nothing of either.</summary>
    private bool CarriesToken(string? authorization)
    {
        if (!AuthenticationHeaderValue.TryParse(authorization, out AuthenticationHeaderValue? header)
            || !string.Equals(header.Scheme, "Basic", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        byte[] decoded = new byte[header.Parameter?.Length ?? 0];
        if (!Convert.TryFromBase64String(header.Parameter ?? "", decoded, out int length))
        {
            return false;
        }

        string credentials = Encoding.UTF8.GetString(decoded, 0, length);
        string password = credentials[(credentials.IndexOf(':', StringComparison.Ordinal) + 1)..];
        return CryptographicOperations.FixedTimeEquals(Digest(password), expected);
    }
}
