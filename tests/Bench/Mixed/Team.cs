using System.Diagnostics;
using Tests.Durability;

namespace Tests.Bench.Mixed;

/// <summary>The processes of a campaign, started one after the other and ended together.</summary>
internal sealed class Team(CancellationToken cancel) : IDisposable
{
    private const int StartSeconds = 300;
    private const int PollMilliseconds = 200;
    private readonly List<(string Name, FuzzProcess Process)> members = [];
    private readonly Stopwatch watch = Stopwatch.StartNew();

    /// <summary>Starts one and waits until there is something in a folder.</summary>
    /// <exception cref="InvalidOperationException">It has ended, or never began.</exception>
    public void Start(string name, string[] command, string folder)
    {
        members.Add((name, FuzzProcess.Start(command[0], Directory.GetCurrentDirectory(), command[1..])));
        Await(folder, StartSeconds);
        Say($"{name} has begun");
    }

    /// <summary>Waits until there is something in a folder.</summary>
    /// <exception cref="InvalidOperationException">One of the processes has ended, or the time is over.</exception>
    public void Await(string folder, int seconds)
    {
        TimeSpan end = watch.Elapsed + TimeSpan.FromSeconds(seconds);
        while (!Directory.Exists(folder) || !Directory.EnumerateFiles(folder, "id:*").Any())
        {
            if (watch.Elapsed > end)
            {
                throw new InvalidOperationException($"{folder}: nothing in {seconds} seconds");
            }

            Look(PollMilliseconds);
        }
    }

    /// <summary>Lets them work.</summary>
    /// <exception cref="InvalidOperationException">One of the processes has ended.</exception>
    public void Pause(int seconds) => Look(seconds * 1000);

    /// <summary>Asks all to end, and waits until they have.</summary>
    public void Dispose()
    {
        members.ForEach(member => member.Process.Terminate());
        foreach ((string name, FuzzProcess process) in members)
        {
            bool hasEnded = process.Wait();
            Say(hasEnded ? $"{name} has ended" : $"{name} does not end: killed");
            process.Dispose();
        }

        members.Clear();
    }

    private void Say(string what) => Console.Error.WriteLine($"after {watch.Elapsed.TotalSeconds:0} s {what}");

    private void Look(int milliseconds)
    {
        if (cancel.WaitHandle.WaitOne(milliseconds))
        {
            throw new InvalidOperationException("interrupted");
        }

        foreach ((string name, FuzzProcess process) in members.Where(member => member.Process.HasEnded))
        {
            throw new InvalidOperationException($"{name} has ended: {Tail(process.Errors)} {Tail(process.Output)}");
        }
    }

    private static string Tail(string text)
    {
        string[] lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return lines.LastOrDefault("");
    }
}
