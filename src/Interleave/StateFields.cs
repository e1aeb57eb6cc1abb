using System.Reflection;
using System.Runtime.CompilerServices;

namespace Interleave;

/// <summary>Which fields of a type belong to the state of an engine.</summary>
internal static class StateFields
{
    private const BindingFlags Own =
        BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>The fields, those of the base types first, each type's in the order of their declaration.</summary>
    public static FieldInfo[] Of(Type type)
    {
        List<FieldInfo> fields = [];
        for (Type? at = type; at is not null && at != typeof(object); at = at.BaseType)
        {
            fields.InsertRange(0, at.GetFields(Own).OrderBy(field => field.MetadataToken).Where(IsState));
        }

        bool hasId = type.IsAssignableTo(typeof(SharedObject));
        return [.. fields.Where(field => !hasId || !IsName(field))];
    }

    /// <summary>Whether an object is told by its number alone: nothing in it changes.</summary>
    public static bool IsConstant(Type type) => type == typeof(Point)
        || (type.IsAssignableTo(typeof(SharedObject)) && Of(type).All(IsFixed));

    /// <summary>What is left out by its type: what says it is no state, and what cannot be any.</summary>
    public static bool IsIgnored(Type type) => type.IsDefined(typeof(NotStateAttribute), inherit: true)
        || type.IsPointer || type == typeof(IntPtr) || type == typeof(UIntPtr) || type == typeof(Lock)
        || type.IsAssignableTo(typeof(MemberInfo)) || type.IsAssignableTo(typeof(Exception))
        || type == typeof(System.Runtime.ExceptionServices.ExceptionDispatchInfo);

    /// <summary>Whether the type is a collection of .NET that keeps its items in the first so many places of an
    /// array.</summary>
    public static bool IsList(Type type) => type.IsGenericType
        && type.GetGenericTypeDefinition() is { } definition
        && (definition == typeof(List<>) || definition == typeof(Stack<>));

    /// <summary>The array of a list, and the number of its items.</summary>
    public static (FieldInfo Items, FieldInfo Count) OfList(Type type)
    {
        const BindingFlags hidden = BindingFlags.Instance | BindingFlags.NonPublic;
        FieldInfo? items = type.GetField("_items", hidden) ?? type.GetField("_array", hidden);
        return (items!, type.GetField("_size", hidden)!);
    }

    /// <summary>The type of the elements when the type is an inline array.</summary>
    public static Type? InlineElement(Type type) => type.IsDefined(typeof(InlineArrayAttribute), inherit: false)
        ? type.GetFields(Own)[0].FieldType
        : null;

    /// <summary>Refuses a class of .NET's libraries whose fields nobody here has looked at.</summary>
    /// <exception cref="NotSupportedException">It is one.</exception>
    public static void Check(Type type)
    {
        bool isForeign = type != typeof(object)
            && type.Namespace?.StartsWith("System", StringComparison.Ordinal) == true;
        bool isSeen = type.IsArray || IsList(type) || type.IsAssignableTo(typeof(Delegate)) || type == typeof(string);
        if (isForeign && !isSeen)
        {
            throw new NotSupportedException(
                $"the state of an engine has a {type}: use arrays, List or Stack, or mark the field with NotState");
        }
    }

    /// <summary>Text that is there for reports: what has an id is told by it.</summary>
    private static bool IsName(FieldInfo field) => field.FieldType == typeof(string)
        && (field.IsInitOnly || field.Name.EndsWith(">P", StringComparison.Ordinal));

    private static bool IsState(FieldInfo field) =>
        !field.IsDefined(typeof(NotStateAttribute)) && !IsIgnored(field.FieldType) && !IsVersion(field);

    /// <summary>How often a list was changed before somebody began to walk it.</summary>
    private static bool IsVersion(FieldInfo field) => field.Name == "_version"
        && field.DeclaringType is { IsNested: true } walker && IsList(walker.DeclaringType!.MakeGenericType(
            walker.GetGenericArguments()));

    private static bool IsFixed(FieldInfo field) =>
        field.IsInitOnly && (field.FieldType.IsPrimitive || field.FieldType.IsEnum);
}
