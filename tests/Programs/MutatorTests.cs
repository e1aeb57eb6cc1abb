using Fuzz.Mutation;
using Fuzz.Programs;
using Interleave;
using Xunit;

namespace Tests.Programs;

public class MutatorTests
{
    /// <summary>Those of a byte-wise fuzzer often have no lane, or nothing in one.</summary>
    [Fact]
    public void Whatever_programs_others_send_have_valid_mutants_as_parents_and_as_donors()
    {
        Rng rng = new(3);
        Mutator mutator = new(MmLanguage.Instance, rng);
        Program[] programs = [.. Enumerable.Range(0, 200).Select(i => Random(rng, i % 60))];
        Assert.Contains(programs, program => program.Cpus.Length == 0);
        foreach (Program parent in programs)
        {
            foreach (Program donor in programs.Take(40))
            {
                Program mutant = mutator.Mutate(parent, donor);
                Assert.Equal(mutant.Clamped(), mutant);
                Assert.NotEmpty(mutant.Cpus);
            }
        }
    }

    private static Program Random(Rng rng, int length)
    {
        byte[] bytes = new byte[length];
        foreach (ref byte value in bytes.AsSpan())
        {
            value = (byte)rng.Next(256);
        }

        return ProgramBinary.Decode(MmLanguage.Instance, bytes);
    }
}
