using System.CommandLine;
using Fuzz.Report;

namespace Fuzz.Cli;

/// <summary>The options of commands that serve a campaign's page.</summary>
internal static class ServeOptions
{
    /// <summary>Stands for the option, so that the token is not among the arguments that everybody on the machine can
    /// read.</summary>
    private const string TokenVariable = "FUZZ_SERVE_TOKEN";

    /// <summary>The option <c>--serve</c>.</summary>
    public static Option<string?> Address() => new("--serve")
    {
        Description = "Serves the campaign's page at this address until Ctrl-C: 127.0.0.1:PORT, port 0 for any.",
        HelpName = "ADDRESS",
    };

    /// <summary>The option <c>--serve-token</c>.</summary>
    public static Option<string?> Token() => new("--serve-token")
    {
        Description = $"What each request must carry as its password; may be in {TokenVariable} instead. Must be there "
            + "when others can reach the address.",
        HelpName = "TOKEN",
    };

    /// <summary>Starts serving, and says where.</summary>
    /// <exception cref="Programs.InputException">The address or the token is of no use.</exception>
    public static ReportServer Start(string folder, string address, string? token, Screen screen)
    {
        string? inherited = Environment.GetEnvironmentVariable(TokenVariable);
        ReportServer server = ReportServer.Start(
            folder, address, token ?? (string.IsNullOrEmpty(inherited) ? null : inherited));
        screen.Note($"{folder} is served at {server.Address}");
        return server;
    }
}
