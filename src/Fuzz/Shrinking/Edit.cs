using Fuzz.Programs;

namespace Fuzz.Shrinking;

/// <summary>Copies of a program with one thing changed. Section -1 is the setup, sections from 0 on are the
/// lanes.</summary>
internal static class Edit
{
    /// <summary>The number of the setup's section.</summary>
    public const int Setup = -1;

    /// <summary>The calls of a section.</summary>
    public static Call[] Section(this Program program, int section) =>
        section == Setup ? program.Setup : program.Cpus[section];

    /// <summary>With a section replaced.</summary>
    public static Program WithSection(this Program program, int section, Call[] calls)
    {
        if (section == Setup)
        {
            return new Program(program.Language, program.Shape, calls, program.Cpus);
        }

        Call[][] cpus = [.. program.Cpus];
        cpus[section] = calls;
        return new Program(program.Language, program.Shape, program.Setup, cpus);
    }

    /// <summary>With other lanes, and another setup if one is given.</summary>
    public static Program WithCpus(this Program program, Call[][] cpus, Call[]? setup = null) =>
        new(program.Language, program.Shape, setup ?? program.Setup, cpus);

    /// <summary>Without <paramref name="count"/> calls of a section.</summary>
    public static Program Without(this Program program, int section, int index, int count = 1)
    {
        Call[] calls = program.Section(section);
        return program.WithSection(section, [.. calls[..index], .. calls[(index + count)..]]);
    }

    /// <summary>Without empty lanes; where that leaves none, the setup's last call becomes one.</summary>
    /// <returns>Null when there is no call at all: without a lane there is no schedule to keep.</returns>
    public static Program? Settled(this Program program)
    {
        Call[][] cpus = Array.FindAll(program.Cpus, lane => lane.Length > 0);
        if (cpus.Length > 0)
        {
            return cpus.Length == program.Cpus.Length ? program : program.WithCpus(cpus);
        }

        return program.Setup.Length == 0 ? null : program.WithCpus([[program.Setup[^1]]], program.Setup[..^1]);
    }

    /// <summary>With one call replaced.</summary>
    public static Program WithCall(this Program program, int section, int index, Call call)
    {
        Call[] calls = [.. program.Section(section)];
        calls[index] = call;
        return program.WithSection(section, calls);
    }

    /// <summary>With every call changed alike.</summary>
    public static Program WithCalls(this Program program, Converter<Call, Call> change) => new(
        program.Language, program.Shape, Array.ConvertAll(program.Setup, change),
        Array.ConvertAll(program.Cpus, lane => Array.ConvertAll(lane, change)));

    /// <summary>With one number of the shape changed; arguments that would be out of range are brought back.</summary>
    public static Program WithShape(this Program program, int field, int value)
    {
        int[] shape = [.. program.Shape];
        shape[field] = value;
        return new Program(program.Language, shape, program.Setup, program.Cpus).Clamped();
    }
}
