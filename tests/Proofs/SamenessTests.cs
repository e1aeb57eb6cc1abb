using Fuzz.Campaign;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;
using Interleave;
using Mm.History;
using Xunit;

namespace Tests.Proofs;

/// <summary>What <see cref="MmSameness"/> says of programs that do the same, looked at state by state.</summary>
public class SamenessTests
{
    private const int Budget = 6_000;

    [Theory]
    [InlineData("copy-without-flush", "pages 2", "read mm0 p0\n write mm0 p1", "write mm0 p0", 4)]
    [InlineData("copy-without-flush", "files 2", "mapprivate mm0 p0 f1 i0", "write mm0 p0", 4)]
    [InlineData("fork-without-flush", "mms 3", "write mm0 p0\n fork mm0 mm1", "fork mm0 mm2", 4)]
    [InlineData("delayed-anon-rmap", "pages 2", "write mm0 p1\n migrate mm0 p1", "munmap mm0 p1 1", 2)]
    public void Programs_under_other_names_have_as_many_states_and_break_the_same_laws(
        string variant, string shape, string one, string other, int twins)
    {
        Program program = ProgramText.Parse(
            MmLanguage.Instance, $"shape {shape}\ncpu0\n {one}\ncpu1 {other}\n");
        Program[] all = [.. Twins.Of(program)];
        Assert.Equal(twins, all.Distinct().Count());
        EndStates known = EndStates.Of(program, new MmEngine(variant));
        Assert.IsType<Complete>(known.Result);
        Assert.All(all, twin => AssertSame(known, EndStates.Of(twin, new MmEngine(variant))));
    }

    [Fact]
    public void Random_programs_do_the_same_under_other_names_with_head_starts_and_without_idle_calls()
    {
        Rng rng = new(3);
        string[] variants = [.. VariantCatalog.All.Select(variant => variant.Name)];
        int twins = 0;
        int headStarts = 0;
        int idle = 0;
        for (int i = 0; i < 30; i++)
        {
            MmEngine engine = new(variants[rng.Next(variants.Length)]);
            Program program = Draw(rng);
            EndStates known = EndStates.Of(program, engine, Budget);
            if (known.Result is not Complete)
            {
                continue;
            }

            foreach (Program twin in Twins.Of(program).Distinct().Take(3))
            {
                twins++;
                AssertSame(known, EndStates.Of(twin, engine, Budget));
            }

            foreach (Program start in ProgramEnumerator.HeadStarts(program).Take(2))
            {
                headStarts++;
                Assert.True(EndStates.Of(start, engine, Budget).Broken.IsSubsetOf(known.Broken));
            }

            if (WithoutIdle(program) is { } less)
            {
                idle++;
                Assert.Equal(known.Broken, EndStates.Of(less, engine, Budget).Broken);
            }
        }

        Assert.True(twins > 30 && headStarts > 30 && idle > 5, $"{twins} twins, {headStarts} starts, {idle} idle");
    }

    private static void AssertSame(EndStates one, EndStates other)
    {
        Assert.Equal(one.Result, other.Result);
        Assert.Equal(one.AtRest.Count, other.AtRest.Count);
        Assert.Equal(one.Broken, other.Broken);
    }

    /// <summary>Two lanes of two calls that are any, after one that leaves something to do.</summary>
    private static Program Draw(Rng rng)
    {
        int[] shape = ProgramText.Parse(
            MmLanguage.Instance, "shape mms 3  pages 2  slots 2  files 2  memcgs 3  device sync\n").Shape;
        IReadOnlyList<Call> any = Of([.. MmLanguage.Instance.Calls.Select(call => call.Name)]);
        IReadOnlyList<Call> first = Of("write", "fork", "pageout");
        return new Program(MmLanguage.Instance, shape, [], [Lane(), Lane()]);

        Call[] Lane() => [first[rng.Next(first.Count)], any[rng.Next(any.Count)]];

        IReadOnlyList<Call> Of(params string[] names) =>
            new ProgramEnumerator(MmLanguage.Instance, shape, names, lanesMax: 2, numbersMax: 2).Calls;
    }

    private static Program? WithoutIdle(Program program)
    {
        for (int lane = 0; lane < program.Cpus.Length; lane++)
        {
            for (int i = 0; i < program.Cpus[lane].Length; i++)
            {
                if (program.Language.Sameness.EffectOf(program.Cpus, lane, i) == CallEffect.None)
                {
                    Call[][] lanes = [.. program.Cpus];
                    lanes[lane] = [.. lanes[lane][..i], .. lanes[lane][(i + 1)..]];
                    return new Program(program.Language, program.Shape, [], lanes);
                }
            }
        }

        return null;
    }
}
