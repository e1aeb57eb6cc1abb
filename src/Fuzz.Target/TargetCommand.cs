using System.CommandLine;
using Fuzz.Campaign;
using Fuzz.Cli;
using Fuzz.Programs;
using SharpFuzz;

namespace Fuzz.Target;

/// <summary>The program that afl-fuzz and libfuzzer-dotnet start; it finds out by itself which of them did.</summary>
public static class TargetCommand
{
    /// <summary>Holds options for those who can pass no arguments: libfuzzer-dotnet passes one only.</summary>
    public const string OptionsVariable = "FUZZ_TARGET_OPTIONS";

    private const string LibFuzzerVariable = "__LIBFUZZER_SHM_ID";

    /// <summary>Serves a fuzzer until it goes away; without one, executes the files, or standard input.</summary>
    /// <param name="arguments">See <c>--help</c>.</param>
    /// <returns>0 when no law was broken, 1 when one was, 2 after bad input.</returns>
    public static int Main(string[] arguments)
    {
        try
        {
            string more = Environment.GetEnvironmentVariable(OptionsVariable) ?? "";
            string[] all = [.. arguments, .. more.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
            ParseResult result = Build().Parse(all);
            return result.Errors.Count == 0
                ? result.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false })
                : Fail($"{Inputs.CommandLine}: {result.Errors[0].Message} (see --help)");
        }
        catch (Exception error) when (error is InputException or StorageException)
        {
            return Fail(error.Message);
        }
        catch (FoundException found)
        {
            Console.WriteLine(found.Message);
            return App.Found;
        }
    }

    private static RootCommand Build()
    {
        Option<string[]> variant = Inputs.VariantOption();
        Option<string?> kernel = Inputs.KernelOption();
        Option<bool> dictionary = new("--dictionary")
        {
            Description = "Prints a dictionary for afl-fuzz -x and libFuzzer -dict: a record for each call and cpu.",
        };
        Option<string?> campaign = new("--campaign")
        {
            Description = "Readies the folder of a campaign, and prints the length of the longest test case.",
            HelpName = "DIR",
        };
        Argument<string[]> files = new("file")
        {
            Description = "Inputs to execute and explain when no fuzzer is there.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        RootCommand command = new($"Executes test cases for afl-fuzz and libFuzzer. {OptionsVariable} adds options.")
        {
            variant, kernel, dictionary, campaign, files,
        };
        command.SetAction(result =>
        {
            if (result.GetValue(dictionary))
            {
                Console.Write(Dictionary.Print(MmLanguage.Instance));
                return App.NothingFound;
            }

            IReadOnlyList<string> variants = Inputs.Variants(result.GetValue(variant), result.GetValue(kernel));
            if (result.GetValue(campaign) is { } folder)
            {
                CampaignFolder.Open(folder, MmLanguage.Instance, variants);
                Console.WriteLine(Schedules.TestCaseBinary.LengthMax(MmLanguage.Instance));
                return App.NothingFound;
            }

            Harness harness = new(Inputs.Engine(variants), Inputs.Regressions().Keys);
            return Serve(harness, result.GetValue(files) ?? []);
        });
        return command;
    }

    private static int Serve(Harness harness, string[] files)
    {
        if (Environment.GetEnvironmentVariable(LibFuzzerVariable) is not null)
        {
            Fuzzer.LibFuzzer.Run(harness.Execute);
            return App.NothingFound;
        }

        if (files.Length == 0)
        {
            Fuzzer.Run(harness.Execute);
            return App.NothingFound;
        }

        int found = files.Count(file => Explain(harness, file));
        return found == 0 ? App.NothingFound : App.Found;
    }

    /// <summary>Prints an input in words, and what it broke; whether it broke anything.</summary>
    private static bool Explain(Harness harness, string file)
    {
        if (!File.Exists(file))
        {
            throw new InputException(file, 0, 0, "there is no such file", "an input of this target");
        }

        using FileStream stream = File.OpenRead(file);
        byte[] input = new byte[Math.Min(stream.Length, Schedules.TestCaseBinary.LengthMax(MmLanguage.Instance))];
        stream.ReadExactly(input);
        Schedules.TestCase testCase = harness.Decode(input);
        Console.WriteLine($"# {file}");
        Console.Write(ProgramText.Print(testCase.Program));
        Console.Write(Schedules.ScheduleText.Print(testCase.Schedule));
        try
        {
            harness.Execute(input);
            Console.WriteLine("# nothing broken");
            return false;
        }
        catch (FoundException found)
        {
            Console.WriteLine($"# {found.Message}");
            return true;
        }
    }

    private static int Fail(string line)
    {
        Console.Error.WriteLine($"fuzz: {line}");
        return App.BadInput;
    }
}
