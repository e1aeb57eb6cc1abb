using Fuzz.Schedules;
using Interleave;
using Tests.Defects;
using Xunit;

namespace Tests.Interleaving;

/// <summary>The model that the README shows to who brings an engine of their own.</summary>
public class OwnEngineTests
{
    [Fact]
    public void The_model_of_the_readme_loses_an_update_and_says_in_which_schedule()
    {
        // <readme>
        PointTable points = new();
        Point read = points.Add("ReadBalance", "withdraw", Access.Read);
        Point write = points.Add("WriteBalance", "withdraw", Access.Write);
        Cell balance = new(0);                          // what lanes share: a SharedObject with a field
        async Flow Withdraw(Cpu cpu)
        {
            await cpu.At(read, balance);                // other lanes may run here, and nowhere else
            int seen = balance.Value;
            await cpu.At(write, balance);
            balance.Value = seen - 30;
        }

        Machine machine = new(points);
        Portfolio schedulers = Portfolio.ForAny(new Rng(seed: 1));
        int executions = 0;
        do
        {
            balance.Value = 100;
            machine.Reset(lanes: 2);
            machine.SetBody(0, Withdraw);
            machine.SetBody(1, Withdraw);
            machine.Run(schedulers.For(executions++));
            schedulers.Learn(machine);
        }
        while (balance.Value == 40);                    // the check: 100 less two withdrawals of 30

        Schedule failing = Schedule.FromTrace(machine); // "cpu1 until WriteBalance; cpu0 until ..."
        // </readme>
        Assert.Equal(70, balance.Value);
        Assert.Contains("until WriteBalance", failing.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_readme_shows_this_very_code()
    {
        string source = File.ReadAllText(Path.Combine(
            CorpusFolder.Root, "tests", "Interleaving", $"{nameof(OwnEngineTests)}.cs"));
        string code = source.Split("        // <readme>\n")[1].Split("        // </readme>")[0];
        string shown = string.Join('\n', code.Split('\n').Select(line => line.Length > 8 ? line[8..] : line));
        string readme = File.ReadAllText(Path.Combine(CorpusFolder.Root, "src", "Interleave", "README.md"));
        Assert.Contains(shown, readme, StringComparison.Ordinal);
    }

    private sealed class Cell(ushort id) : SharedObject(0, id)
    {
        public int Value { get; set; }

        public override string Name => "balance";
    }
}
