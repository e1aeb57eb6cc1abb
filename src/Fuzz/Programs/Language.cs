namespace Fuzz.Programs;

/// <summary>The calls and the shape of one engine: all that the text form, the binary form and the shrinker need to
/// know.</summary>
/// <remarks>The folio engine's language is <see cref="MmLanguage"/>; another engine brings its own and gets all of
/// these.</remarks>
public sealed class Language
{
    private readonly Dictionary<string, CallInfo> byName = new(StringComparer.Ordinal);

    /// <summary>A language.</summary>
    /// <param name="name">Printed in errors.</param>
    /// <param name="shape">The numbers that size the engine's world, in the order in which they are printed.</param>
    /// <param name="calls">All calls; the position is the <see cref="Call.Kind"/>.</param>
    /// <param name="cpusMax">Most lanes of a program.</param>
    /// <param name="callsMax">Most calls in the setup, and in one lane.</param>
    /// <param name="sameness">Which of its programs do the same; null where nothing is known of that.</param>
    public Language(
        string name, ShapeField[] shape, CallInfo[] calls, int cpusMax, int callsMax, Sameness? sameness = null)
    {
        Sameness = sameness ?? new Sameness();
        Name = name;
        Shape = shape;
        Calls = calls;
        CpusMax = cpusMax;
        CallsMax = callsMax;
        for (int i = 0; i < calls.Length; i++)
        {
            calls[i].Kind = (byte)i;
            byName.Add(calls[i].Name, calls[i]);
        }
    }

    /// <summary>The language's name.</summary>
    public string Name { get; }

    /// <summary>The shape's fields.</summary>
    public IReadOnlyList<ShapeField> Shape { get; }

    /// <summary>The calls by kind.</summary>
    public IReadOnlyList<CallInfo> Calls { get; }

    /// <summary>Most lanes.</summary>
    public int CpusMax { get; }

    /// <summary>Most calls in the setup, and in one lane.</summary>
    public int CallsMax { get; }

    /// <summary>Which of its programs do the same.</summary>
    public Sameness Sameness { get; }

    /// <summary>The call of that name, or null.</summary>
    public CallInfo? Find(string name) => byName.GetValueOrDefault(name);
}

/// <summary>One number of a program's shape.</summary>
/// <param name="Name">The word in the text form.</param>
/// <param name="Min">Least value; also the simplest unless <paramref name="Simplest"/> says otherwise.</param>
/// <param name="Max">Greatest value.</param>
/// <param name="Simplest">The value that the shrinker moves towards.</param>
/// <param name="Words">Names of the values from <paramref name="Min"/> on, where words read better than
/// numbers.</param>
public sealed record ShapeField(string Name, int Min, int Max, int Simplest, string[]? Words = null)
{
    /// <summary>Whether it is written only when it is not the simplest: for what most programs do not use.</summary>
    public bool IsQuiet { get; init; }
}

/// <summary>One parameter of a call.</summary>
/// <param name="Name">For messages: <c>mm</c>, <c>page</c>, <c>count</c>.</param>
/// <param name="Prefix">What its values begin with in the text form (<c>mm0</c>, <c>p1</c>); empty for plain
/// numbers.</param>
/// <param name="Bound">Index of the shape field that bounds it (values 0 .. field-1): it is an identifier then, and the
/// shrinker renames all parameters with the same bound together. -1 for a plain number.</param>
/// <param name="Min">Least value of a plain number.</param>
/// <param name="Max">Greatest value of a plain number (at most 255).</param>
public sealed record Parameter(string Name, string Prefix, int Bound, int Min = 0, int Max = 0)
{
    /// <summary>Whether it names an object rather than being a quantity.</summary>
    public bool IsIdentifier => Bound >= 0;
}

/// <summary>What a call is.</summary>
/// <param name="Name">The word in the text form.</param>
/// <param name="Family">One of the six families, or <c>stage</c>.</param>
/// <param name="Entry">The kernel's entry point.</param>
/// <param name="Summary">One sentence for <c>fuzz show</c>.</param>
/// <param name="Parameters">At most four.</param>
public sealed record CallInfo(string Name, string Family, string Entry, string Summary, params Parameter[] Parameters)
{
    /// <summary>Position in the language.</summary>
    public byte Kind { get; internal set; }
}
