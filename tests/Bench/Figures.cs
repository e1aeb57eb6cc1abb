using System.Globalization;
using System.Text.Json;

namespace Tests.Bench;

/// <summary>What the benchmarks share: the median, and printing.</summary>
internal static class Figures
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>The median; the upper one of an even number.</summary>
    public static double Median(double[] values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    /// <summary>Prints a record as a table of two columns and, if asked, as one line of JSON after it.</summary>
    public static void Print<T>(string title, T figures, bool json)
        where T : notnull
    {
        Console.WriteLine(title);
        using JsonDocument document = JsonSerializer.SerializeToDocument(figures, Json);
        foreach (JsonProperty property in document.RootElement.EnumerateObject())
        {
            double value = property.Value.GetDouble();
            Console.WriteLine($"  {property.Name,-28} {value.ToString("#,0.####", CultureInfo.InvariantCulture),14}");
        }

        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(figures, Json));
        }
    }
}
