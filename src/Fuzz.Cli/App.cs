using System.CommandLine;
using System.CommandLine.Help;
using Fuzz.Campaign;
using Fuzz.Programs;

namespace Fuzz.Cli;

/// <summary>The command line: reads it, runs one command, and turns whatever happens into an exit code and one
/// line.</summary>
public static class App
{
    /// <summary>Nothing was found.</summary>
    public const int NothingFound = 0;

    /// <summary>A law was broken.</summary>
    public const int Found = 1;

    /// <summary>The input was bad, or the disk, or we are.</summary>
    public const int BadInput = 2;

    private const string TraceVariable = "FUZZ_TRACE";

    /// <summary>Runs the process. Ctrl-C and SIGTERM end the command cleanly; a second Ctrl-C at once.</summary>
    public static int Main(string[] args)
    {
        using Interruption interruption = new();
        if (args is ["corpus", "min" or "stats", ..] && WorkerProcess.Delegate(args) is { } exitCode)
        {
            return exitCode;
        }

        Screen screen = new(Console.Out, Console.Error, Screen.IsTerminal);
        return Run(args, screen, interruption.Token);
    }

    /// <summary>Runs one command line.</summary>
    /// <param name="args">Without the program's name.</param>
    /// <param name="screen">Where output goes.</param>
    /// <param name="cancel">Ends the command early and cleanly.</param>
    /// <returns>0 nothing found, 1 found, 2 bad input.</returns>
    public static int Run(IReadOnlyList<string> args, Screen screen, CancellationToken cancel = default)
    {
        try
        {
            RootCommand root = Build(screen, cancel);
            ParseResult result = root.Parse(args);
            bool asksForHelp = result.Action is HelpAction;
            if (result.Errors.Count > 0 && !asksForHelp)
            {
                throw Explain(result);
            }

            return result.Invoke(new InvocationConfiguration
            {
                Output = screen.Out,
                Error = screen.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
        }
        catch (Exception error) when (error is InputException or StorageException)
        {
            screen.Fail(error.Message);
        }
        catch (OperationCanceledException)
        {
            screen.Fail("interrupted");
        }
        catch (IOException error)
        {
            // Nobody reads what we print any more, or the terminal is gone: there is nobody to tell but the exit code.
            screen.Fail($"cannot print: {error.Message}");
        }
        catch (Exception error)
        {
            ReportDefect(error, args, screen);
        }

        return BadInput;
    }

    private static RootCommand Build(Screen screen, CancellationToken cancel)
    {
        RootCommand root = new(
            "Finds races in the life of a Linux folio: random programs, controlled interleavings, oracles.");
        root.Add(RunCommand.Build(screen, cancel));
        root.Add(WorkerCommand.Build(screen, cancel));
        root.Add(CorpusCommand.Build(screen, cancel));
        root.Add(HuntCommand.Build(screen, cancel));
        root.Add(ReplayCommand.Build(screen, cancel));
        root.Add(ShrinkCommand.Build(screen, cancel));
        root.Add(ProveCommand.Build(screen, cancel));
        root.Add(ExhaustCommand.Build(screen, cancel));
        root.Add(EnactCommand.Build(screen, cancel));
        root.Add(BlameCommand.Build(screen, cancel));
        root.Add(AskCommand.Build(screen, cancel));
        root.Add(ConformCommand.Build(screen, cancel));
        root.Add(HistoryCommand.Build(screen));
        root.Add(ReportCommand.Build(screen, cancel));
        root.Add(ShowCommand.Build(screen, cancel));
        return root;
    }

    private static InputException Explain(ParseResult result)
    {
        string command = result.CommandResult.Command.Name;
        bool isRoot = result.CommandResult == result.RootCommandResult;
        string where = isRoot ? "" : $"{command} ";
        string problem = result.Errors[0].Message.TrimEnd('.');
        IEnumerable<string> names = isRoot
            ? result.CommandResult.Command.Subcommands.Select(c => c.Name)
            : result.CommandResult.Command.Options.Select(o => o.Name);
        string? stray = result.UnmatchedTokens.Count > 0 ? result.UnmatchedTokens[0] : null;
        if (stray is not null)
        {
            problem = $"unknown {(isRoot ? "command" : "option or argument")} {InputException.Quote(stray)}";
        }

        return new InputException(
            Inputs.CommandLine, 0, 0, problem, $"what 'fuzz {where}--help' lists",
            stray is null ? null : Names.Nearest(stray, names));
    }

    private static void ReportDefect(Exception error, IReadOnlyList<string> args, Screen screen)
    {
        string message = error.Message.ReplaceLineEndings(" ");
        screen.Fail($"internal error: {error.GetType().Name}: {message}");
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(TraceVariable)))
        {
            screen.Error.WriteLine(
                $"this is a defect of fuzz: please report this line with the command 'fuzz {string.Join(' ', args)}' "
                + $"and what it prints with {TraceVariable}=1 in the environment");
        }
        else
        {
            screen.Error.WriteLine(error);
        }
    }
}
