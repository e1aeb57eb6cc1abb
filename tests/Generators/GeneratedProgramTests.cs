using FsCheck.Xunit;
using Fuzz.Programs;
using Fuzz.Shrinking;
using Generators;
using Xunit;

namespace Tests.Generators;

public class GeneratedProgramTests
{
    [Property(MaxTest = 1000, Arbitrary = [typeof(Arbitraries)])]
    public void Every_program_is_within_bounds(Program program)
    {
        Assert.InRange(program.Cpus.Length, 1, MmLanguage.Instance.CpusMax);
        Assert.All(program.Cpus, lane => Assert.InRange(lane.Length, 1, MmLanguage.Instance.CallsMax));
        Assert.InRange(program.Setup.Length, 1, MmLanguage.Instance.CallsMax);
        Assert.Equal(program, program.Clamped());
    }

    [Property(MaxTest = 1000, Arbitrary = [typeof(Arbitraries)])]
    public void Every_program_reads_back_from_its_text(Program program) =>
        Assert.Equal(program, ProgramText.Parse(MmLanguage.Instance, ProgramText.Print(program)));

    [Property(MaxTest = 1000, Arbitrary = [typeof(Arbitraries)])]
    public void Every_program_reads_back_from_its_bytes(Program program) =>
        Assert.Equal(program, ProgramBinary.Decode(MmLanguage.Instance, ProgramBinary.Encode(program)));

    [Property(MaxTest = 200, Arbitrary = [typeof(Arbitraries)])]
    public void What_the_shrinker_offers_is_simpler_well_formed_and_offered_once(Program program)
    {
        IReadOnlyList<Program> offers = Shrinker.Simpler(program);
        Assert.All(offers, offer => Assert.True(SimplerThan.Holds(offer, program)));
        Assert.All(offers, offer => Assert.Equal(offer, offer.Clamped()));
        Assert.Equal(offers.Count, offers.Distinct().Count());
    }

    [Fact]
    public void The_simplest_program_has_nothing_simpler() =>
        Assert.Empty(Shrinker.Simpler(ProgramText.Parse(MmLanguage.Instance, "cpu0 read mm0 p0")));

    [Fact]
    public void FsChecks_loop_over_these_offers_ends_at_the_minimum()
    {
        // What fails: a fork anywhere in the lanes and a pageout anywhere before.
        Program program = ProgramText.Parse(
            MmLanguage.Instance,
            "shape mms 3 pages 3 slots 3\nsetup write mm0 p1\n pageout mm0 p1\n read mm0 p2\n"
            + "cpu0 write mm0 p1; fork mm0 mm2\ncpu1 exit mm2\ncpu2 reclaim 3");
        while (Shrinker.Simpler(program).FirstOrDefault(Fails) is { } simpler)
        {
            program = simpler;
        }

        Assert.Equal(
            ProgramText.Parse(MmLanguage.Instance, "setup pageout mm0 p0\ncpu0 fork mm0 mm0"), program);

        static bool Fails(Program program) => program.Setup.Any(call => (MmCall)call.Kind == MmCall.Pageout)
            && program.Cpus.Any(lane => lane.Any(call => (MmCall)call.Kind == MmCall.Fork));
    }
}
