using FsCheck;
using FsCheck.Fluent;
using Fuzz.Programs;
using Interleave;

namespace Generators;

/// <summary>FsCheck generators of programs of the folio engine.</summary>
public static class Programs
{
    /// <summary>A random program of a random taste.</summary>
    public static Gen<Program> Program { get; } =
        from taste in Taste.Any
        from seed in Taste.Seed
        select ProgramWriter.Write(taste, new Rng(seed));
}
