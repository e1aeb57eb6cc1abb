namespace SharpFuzz;

public static partial class Fuzzer
{
    /// <summary>
    /// Weaves AFL's edge coverage into an assembly, in place: at each branch target
    /// <c>SharedMem[id ^ PrevLocation]++; PrevLocation = id &gt;&gt; 1</c> of <see cref="Common.Trace"/>. The file is
    /// replaced whole or left as it was; its symbols, if there are any beside it, are kept true. The same assembly and
    /// matcher give the same bytes.
    /// </summary>
    /// <param name="source">Path of the assembly.</param>
    /// <param name="matcher">Whether to weave the type of that full name (<c>Name.Space.Outer/Inner</c>).</param>
    /// <param name="options">What else to do.</param>
    /// <returns>Full names of the woven types, sorted.</returns>
    /// <exception cref="InstrumentationException">It is woven already, or holds native code, or is the core
    /// library.</exception>
    /// <exception cref="BadImageFormatException">It is no assembly.</exception>
    /// <exception cref="IOException">It cannot be read or replaced.</exception>
    public static IEnumerable<string> Instrument(string source, Func<string, bool> matcher, Options options)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(matcher);
        ArgumentNullException.ThrowIfNull(options);
        return AssemblyWeaver.Weave(source, matcher, options.EnableOnBranchCallback);
    }
}
