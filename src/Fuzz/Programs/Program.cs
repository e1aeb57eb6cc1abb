namespace Fuzz.Programs;

/// <summary>The input of an execution: a shape, a sequential setup and one list of calls for each cpu.
/// Immutable.</summary>
/// <remarks>Equality is by value. Every argument is within its bound: constructors of programs clamp, see
/// <see cref="Clamped"/>.</remarks>
public sealed class Program : IEquatable<Program>
{
    /// <summary>A program. Shape fields that are not given have their simplest value.</summary>
    public Program(Language language, int[] shape, Call[] setup, Call[][] cpus)
    {
        Language = language;
        Shape = shape.Length < language.Shape.Count
            ? [.. shape, .. language.Shape.Skip(shape.Length).Select(field => field.Simplest)]
            : shape;
        Setup = setup;
        Cpus = cpus;
    }

    /// <summary>The language it is written in.</summary>
    public Language Language { get; }

    /// <summary>Values of <see cref="Language.Shape"/>.</summary>
    public int[] Shape { get; }

    /// <summary>Calls that run first, alone, as cpu0.</summary>
    public Call[] Setup { get; }

    /// <summary>The calls of each lane.</summary>
    public Call[][] Cpus { get; }

    /// <summary>Number of calls besides the setup.</summary>
    public int ConcurrentCalls => Cpus.Sum(c => c.Length);

    /// <summary>The same program with every shape value and argument brought into its range.</summary>
    public Program Clamped()
    {
        int[] shape = new int[Language.Shape.Count];
        for (int i = 0; i < shape.Length; i++)
        {
            shape[i] = Math.Clamp(Shape[i], Language.Shape[i].Min, Language.Shape[i].Max);
        }

        Call[] Fix(Call[] calls) => Array.ConvertAll(calls, call => Clamp(Language, shape, call));
        return new Program(Language, shape, Fix(Setup), Array.ConvertAll(Cpus, Fix));
    }

    /// <summary>A call with its arguments brought into range: identifiers modulo their bound, numbers clamped, unused
    /// ones 0.</summary>
    public static Call Clamp(Language language, int[] shape, Call call)
    {
        CallInfo info = language.Calls[call.Kind % language.Calls.Count];
        Call result = new(info.Kind);
        for (int i = 0; i < info.Parameters.Length; i++)
        {
            Parameter parameter = info.Parameters[i];
            int value = parameter.IsIdentifier
                ? call[i] % shape[parameter.Bound]
                : Math.Clamp(call[i], parameter.Min, parameter.Max);
            result = result.With(i, (byte)value);
        }

        return result;
    }

    /// <inheritdoc />
    public bool Equals(Program? other) =>
        other is not null && ReferenceEquals(Language, other.Language) && Shape.AsSpan().SequenceEqual(other.Shape)
        && Setup.AsSpan().SequenceEqual(other.Setup) && Cpus.Length == other.Cpus.Length
        && !Cpus.Where((calls, i) => !calls.AsSpan().SequenceEqual(other.Cpus[i])).Any();

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as Program);

    /// <inheritdoc />
    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach (int value in Shape)
        {
            hash.Add(value);
        }

        foreach (Call call in Setup.Concat(Cpus.SelectMany(c => c)))
        {
            hash.Add(call);
        }

        return hash.ToHashCode();
    }
}
