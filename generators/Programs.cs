using FsCheck;
using FsCheck.Fluent;
using Fuzz.Programs;
using Interleave;

namespace Generators;

/// <summary>FsCheck generators of programs of the folio engine.</summary>
public static class Programs
{
    private static readonly Gen<ulong> Seed =
        from high in Gen.Choose(0, int.MaxValue)
        from low in Gen.Choose(0, int.MaxValue)
        select ((ulong)high << 32) | (uint)low;

    /// <summary>A random program of a random taste.</summary>
    public static Gen<Program> Program { get; } =
        from taste in Taste.Any
        from seed in Seed
        select ProgramWriter.Write(taste, new Rng(seed));
}
