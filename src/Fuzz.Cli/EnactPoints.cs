using System.Text.Json.Nodes;
using Conformance;
using Conformance.Enact;
using Conformance.Guest;
using Fuzz.Campaign;
using Fuzz.Programs;
using Fuzz.Reporting;
using Fuzz.Schedules;
using Mm;

namespace Fuzz.Cli;

/// <summary><c>fuzz enact --points FILE...</c>: what a kernel can be taken through, without doing so.</summary>
internal static class EnactPoints
{
    public static int Run(string[] files, ChosenKernel kernel, bool json, Screen screen)
    {
        Points.DefineAll();
        try
        {
            KernelImage image = kernel.Get(screen);
            using Enactor enactor = new(image, kernel.Release, lanesMax: 1);
            SortedDictionary<string, bool> points = new(StringComparer.Ordinal);
            int expressible = 0;
            foreach (string file in files)
            {
                string? why = Judge(enactor, kernel.Release, file, points);
                expressible += why is null ? 1 : 0;
                screen.Line($"{file}: {why ?? "can be enacted"}");
            }

            int placed = points.Values.Count(hasPlace => hasPlace);
            screen.Line(
                $"{image.Release}: {expressible} of {files.Length} files can be enacted; {placed} of the "
                + $"{points.Count} points that their lanes come to have a place ({Points.Table.Count - 1} points are "
                + "there)");
            foreach (string point in points.Where(point => !point.Value).Select(point => point.Key))
            {
                screen.Line($"  no place: {point,-32} {Points.Table.Find(point)!.Function}");
            }

            if (json)
            {
                screen.Line(JsonReport.Line(new JsonObject
                {
                    ["kernel"] = image.Release, ["files"] = files.Length, ["expressible"] = expressible,
                    ["points"] = points.Count, ["placed"] = placed,
                }));
            }

            return App.NothingFound;
        }
        catch (GuestException error)
        {
            screen.Fail(error.Message);
            return ConformCommand.Unable;
        }
    }

    /// <summary>Why a file cannot be enacted, or null. A reproducer runs as the kernel that it fails on.</summary>
    private static string? Judge(Enactor enactor, Release release, string file, SortedDictionary<string, bool> points)
    {
        (TestCase testCase, IReadOnlyList<string>? variants) = EnactCommand.Read(file);
        try
        {
            EnactPlan plan = EnactPlan.Of(
                testCase.Program, testCase.Schedule, variants ?? release.Variants, file);
            foreach ((string point, bool hasPlace) in enactor.PointsOf(plan))
            {
                points[point] = hasPlace || points.GetValueOrDefault(point);
            }

            return enactor.WhyNot(plan);
        }
        catch (InputException error)
        {
            return error.Message.Split('\n')[0];
        }
    }
}
