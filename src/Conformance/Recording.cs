using System.Text;
using System.Text.Json;
using Conformance.Guest;
using Fuzz.Campaign;
using Fuzz.Programs;

namespace Conformance;

/// <summary>One line that a kernel was asked, and what it answered.</summary>
/// <param name="Asked">Operations of the agent.</param>
/// <param name="Replies">One for each.</param>
public sealed record Exchange(string Asked, IReadOnlyList<Reply> Replies);

/// <summary>A program as a real kernel ran it: call by call, all that the kernel showed.</summary>
/// <param name="Program">The program.</param>
/// <param name="Exchanges">One for each call that was made.</param>
public sealed record Recorded(Program Program, IReadOnlyList<Exchange> Exchanges);

/// <summary>What a real kernel said, kept: asked once, it can judge any number of engines, and needs no emulator for
/// it.</summary>
/// <remarks>A file has a line of JSON for each program: <c>program</c>, its text; <c>calls</c>, for each call what was
/// <c>asked</c> and the <c>replies</c>, each a list of its result and its further lines.</remarks>
public static class Recording
{
    /// <summary>Adds a program at the end of a file.</summary>
    /// <exception cref="StorageException">It cannot be written.</exception>
    public static void Append(string file, Recorded recorded)
    {
        using MemoryStream line = new();
        using (Utf8JsonWriter json = new(line))
        {
            json.WriteStartObject();
            json.WriteString("program", ProgramText.Print(Difference.Fitting(recorded.Program)));
            json.WriteStartArray("calls");
            foreach (Exchange exchange in recorded.Exchanges)
            {
                Write(json, exchange);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        line.WriteByte((byte)'\n');
        try
        {
            using FileStream stream = new(file, FileMode.Append, FileAccess.Write);
            stream.Write(line.GetBuffer(), 0, (int)line.Length);
        }
        catch (Exception error) when (StorageException.IsAboutFiles(error))
        {
            throw StorageException.From(file, "write", error);
        }
    }

    /// <summary>The programs of a file.</summary>
    /// <exception cref="InputException">A line is none of a recording.</exception>
    /// <exception cref="StorageException">The file cannot be read.</exception>
    public static IReadOnlyList<Recorded> Load(string file)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(file, Encoding.UTF8);
        }
        catch (Exception error) when (StorageException.IsAboutFiles(error))
        {
            throw StorageException.From(file, "read", error);
        }

        return [.. lines.Select((line, number) => Read(file, number + 1, line))];
    }

    private static void Write(Utf8JsonWriter json, Exchange exchange)
    {
        json.WriteStartObject();
        json.WriteString("asked", exchange.Asked);
        json.WriteStartArray("replies");
        foreach (Reply reply in exchange.Replies)
        {
            json.WriteStartArray();
            json.WriteStringValue(reply.Result);
            foreach (string line in reply.Lines)
            {
                json.WriteStringValue(line);
            }

            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static Recorded Read(string file, int number, string line)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(line);
            return new Recorded(
                ProgramText.Parse(MmLanguage.Instance, json.RootElement.GetProperty("program").GetString()!),
                [.. json.RootElement.GetProperty("calls").EnumerateArray().Select(call => new Exchange(
                    call.GetProperty("asked").GetString()!,
                    [.. call.GetProperty("replies").EnumerateArray().Select(ToReply)]))]);
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new InputException(
                file, number, 1, $"not a line of a recording: {error.Message}", "what 'fuzz conform --record' writes");
        }
    }

    private static Reply ToReply(JsonElement reply)
    {
        string[] words = [.. reply.EnumerateArray().Select(word => word.GetString()!)];
        return new Reply(words[0], words[1..]);
    }
}
