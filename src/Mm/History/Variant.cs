using System.Reflection;
using Mm.Routines;

namespace Mm.History;

/// <summary>Marks a <see cref="Routine"/> subclass as one kernel routine as it stood at some commit, in a mail or in a
/// patch.</summary>
/// <param name="name">Lower-case words with dashes: the name in programs, reproducers and on the command line.</param>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class VariantAttribute(string name) : Attribute
{
    /// <summary>The name.</summary>
    public string Name { get; } = name;

    /// <summary>What it is, in one line.</summary>
    public string Subject { get; init; } = "";

    /// <summary>Where it stood: commits, mails, releases.</summary>
    public string Origin { get; init; } = "";

    /// <summary>What put it right, or why it never was wrong.</summary>
    public string Fix { get; init; } = "";

    /// <summary>Whether it puts something right that the text has wrong, rather than the other way round.</summary>
    public bool IsFix { get; init; }

    /// <summary>Whether it breaks no law of its own: a form that another variant is tried with.</summary>
    public bool IsHarmless { get; init; }

    /// <summary>What people saw.</summary>
    public string Symptom { get; init; } = "";
}

/// <summary>One variant of the catalog.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Facts">Where it comes from.</param>
/// <param name="Type">The class.</param>
public sealed record Variant(string Name, VariantAttribute Facts, Type Type)
{
    /// <summary>The routine that it is a form of.</summary>
    public Type Replaces { get; } = RoutineTable.SlotOf(Type)?.PropertyType ?? Type;

    /// <summary>A fresh instance, for one kernel.</summary>
    public Routine Create() => (Routine)Activator.CreateInstance(Type)!;
}

/// <summary>All variants that are known, by name.</summary>
public static class VariantCatalog
{
    private static readonly SortedDictionary<string, Variant> Variants = new(StringComparer.Ordinal);

    static VariantCatalog() => Register(typeof(VariantCatalog).Assembly);

    /// <summary>The variants in the order of their names.</summary>
    public static IReadOnlyCollection<Variant> All => Variants.Values;

    /// <summary>The variant of that name, or null.</summary>
    public static Variant? Find(string name) => Variants.GetValueOrDefault(name);

    /// <summary>A set of variants with others put in; of a routine that both have a form of, the other's is
    /// it.</summary>
    /// <exception cref="ArgumentException">A name is unknown.</exception>
    public static IReadOnlyList<string> Replace(IEnumerable<string> variants, IReadOnlyList<string> by)
    {
        Type[] taken = [.. by.Select(name => Get(name).Replaces)];
        return [.. variants.Where(name => !taken.Contains(Get(name).Replaces)), .. by];
    }

    /// <summary>The variant of that name.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static Variant Get(string name) =>
        Find(name) ?? throw new ArgumentException($"no variant is called '{name}'", nameof(name));

    /// <summary>Adds the variants of another assembly: patches under review, kept outside this repository.</summary>
    /// <exception cref="ArgumentException">A name is taken.</exception>
    public static void Register(Assembly assembly)
    {
        foreach (Type type in assembly.GetTypes().Where(t => !t.IsAbstract && t.IsSubclassOf(typeof(Routine))))
        {
            if (type.GetCustomAttribute<VariantAttribute>() is not { } facts)
            {
                continue;
            }

            if (!Variants.TryAdd(facts.Name, new Variant(facts.Name, facts, type)))
            {
                throw new ArgumentException($"variant '{facts.Name}' is there twice", nameof(assembly));
            }
        }

        Points.DefineAll();
        if (assembly != typeof(VariantCatalog).Assembly)
        {
            Points.DefineFrom(assembly);
        }
    }
}
