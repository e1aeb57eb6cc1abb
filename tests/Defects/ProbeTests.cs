using Fuzz.Campaign;
using Generators;
using Xunit;

namespace Tests.Defects;

/// <summary>Goal: no law is blind. Method: defects that were never in any kernel, found blind like the
/// stories.</summary>
public class ProbeTests
{
    private static readonly ulong[] Seeds = [1, 2, 3, 4, 5, 6, 7, 8];

    private const long ExecutionsMax = 400_000;

    public static TheoryData<string> Probes => [.. Story.Probes.Select(probe => probe.Name)];

    [Theory]
    [MemberData(nameof(Probes))]
    public void Each_hypothetical_defect_is_found_blind(string name)
    {
        Story probe = Story.Probes.First(s => s.Name == name);
        HuntOptions options = new(ExecutionsMax, SecondsMax: double.PositiveInfinity);
        Assert.Contains(
            Seeds, seed => Hunter.Hunt(probe, new ProgramSource(), seed, options, CancellationToken.None).Found);
    }
}
