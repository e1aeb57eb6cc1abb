using System.CommandLine;
using System.Diagnostics;
using Fuzz.Campaign;
using Fuzz.Coverage;
using Fuzz.Execution;
using Fuzz.Programs;
using Generators;

namespace Fuzz.Cli;

/// <summary><c>fuzz worker</c>: one worker of a campaign, as <see cref="Supervisor"/> starts it. Not for people.
/// </summary>
/// <remarks>It tells what it does in lines of JSON (<see cref="WorkerMessage"/>) and ends when its standard input does:
/// nobody is left who would read them.</remarks>
internal static class WorkerCommand
{
    /// <summary>Its name.</summary>
    public const string Name = "worker";

    /// <summary>Somebody else works under its name.</summary>
    public const int Busy = 4;

    /// <summary>The heap has no room left.</summary>
    public const int Full = 5;

    /// <summary>It was asked to end and could not in time.</summary>
    public const int Late = 6;

    /// <summary>What is done must be done soon when nobody listens any more: it is all on the disk.</summary>
    private static readonly TimeSpan LastMoments = TimeSpan.FromSeconds(30);

    public static Command Build(Screen screen, CancellationToken cancel)
    {
        Option<string> folder = new("--corpus") { Required = true };
        Option<string> name = new("--name") { Required = true };
        Option<string[]> variant = Inputs.VariantOption();
        Option<string?> seed = Inputs.SeedOption();
        Option<long?> executions = Inputs.Number("--executions", "", 0);
        Option<long?> memory = Inputs.Number("--memory", "", 1);
        Option<long?> cpu = Inputs.Number("--cpu", "", 0);
        Option<string?> feedback = new("--feedback");
        Command command = new(Name) { folder, name, variant, seed, executions, memory, cpu, feedback };
        command.Hidden = true;
        command.SetAction(result =>
        {
            IReadOnlyList<string> variants = Inputs.Variants(result.GetValue(variant), null);
            Pin(result.GetValue(cpu));
            CampaignOptions options = new()
            {
                Seed = Inputs.Seed(result.GetValue(seed), 0),
                Variants = variants,
                Executions = result.GetValue(executions),
                Folder = CampaignFolder.Open(result.GetValue(folder)!, MmLanguage.Instance, variants),
                Worker = result.GetValue(name)!,
                Cpu = (int)(result.GetValue(cpu) ?? -1),
                MemoryMax = result.GetValue(memory) << 20,
                Feedback = Enum.Parse<Feedback>(result.GetValue(feedback) ?? nameof(Feedback.All)),
                Regressions = Inputs.Regressions(),
            };
            return Run(options, screen, cancel);
        });
        return command;
    }

    /// <summary>Only the thread that explores, which is this one: the runtime's own go where there is room.</summary>
    private static void Pin(long? cpu)
    {
        if (cpu is { } number && (OperatingSystem.IsLinux() || OperatingSystem.IsWindows()))
        {
            using Process self = Process.GetCurrentProcess();
            self.ProcessorAffinity = (nint)(1L << (int)number);
        }
    }

    private static int Run(CampaignOptions options, Screen screen, CancellationToken cancel)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Thread watch = new(() => EndWithInput(stop)) { IsBackground = true };
        watch.Start();
        CampaignParts parts = new(
            () => new MmEngine(options.Variants), () => new ProgramSource(), Pipeline.Shrink);
        CampaignRun run = new(options, parts)
        {
            Told = finding => Tell(new WorkerMessage { Finding = WorkerFinding.Of(finding) }),
        };
        try
        {
            CampaignResult result = run.Run(
                progress => Tell(new WorkerMessage { Progress = progress }), stop.Token);
            WorkerOutcome outcome = new(
                result.End, result.Statistics.ToCounts(), [.. result.Findings.Select(WorkerFinding.Of)],
                result.Quarantined);
            Tell(new WorkerMessage { Outcome = outcome });
            return App.NothingFound;
        }
        catch (Exception error) when (error is StorageException or InvalidOperationException)
        {
            Tell(new WorkerMessage { Problem = error.Message });
            return App.BadInput;
        }
        catch (InputException)
        {
            return Busy;
        }
        catch (OutOfMemoryException)
        {
            return Full;
        }

        void Tell(WorkerMessage message) => screen.Out.WriteLine(message.Print());
    }

    private static void EndWithInput(CancellationTokenSource stop)
    {
        while (Console.In.Read() >= 0)
        {
            // Nothing is said there.
        }

        try
        {
            stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            return;
        }

        Thread.Sleep(LastMoments);
        Environment.Exit(Late);
    }
}
