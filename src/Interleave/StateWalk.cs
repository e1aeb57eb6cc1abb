using System.Collections.Concurrent;
using System.Linq.Expressions;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Interleave;

/// <summary>How the objects of one type are hashed: compiled once from the type's fields.</summary>
internal sealed class StateWalk
{
    private static readonly ConcurrentDictionary<Type, StateWalk> All = new();
    private static readonly MethodInfo AddWord = Of(nameof(StateHasher.Add), typeof(StateHasher));
    private static readonly MethodInfo AddReference = Of(nameof(StateHasher.Refer), typeof(StateHasher));

    private StateWalk(Type type)
    {
        IsConstant = StateFields.IsConstant(type);
        IsIgnored = StateFields.IsIgnored(type);
        IsString = type == typeof(string);
        if (!IsConstant && !IsIgnored && !IsString)
        {
            StateFields.Check(type);
            Walk = Compile(type);
        }
    }

    /// <summary>Hashes the fields of an object of the type.</summary>
    public Action<object, StateHasher>? Walk { get; }

    /// <summary>See <see cref="StateFields.IsConstant"/>.</summary>
    public bool IsConstant { get; }

    /// <summary>See <see cref="StateFields.IsIgnored"/>.</summary>
    public bool IsIgnored { get; }

    /// <summary>Whether it is text, told by its letters.</summary>
    public bool IsString { get; }

    /// <summary>The walk of a type.</summary>
    public static StateWalk For(Type type) => All.GetOrAdd(type, static missing => new StateWalk(missing));

    private static Action<object, StateHasher> Compile(Type type)
    {
        ParameterExpression instance = Expression.Parameter(typeof(object));
        ParameterExpression hasher = Expression.Parameter(typeof(StateHasher));
        List<Expression> body = [];
        if (type.IsAssignableTo(typeof(Delegate)))
        {
            return static (value, into) =>
            {
                Delegate function = (Delegate)value;
                into.Add((uint)function.Method.MetadataToken);
                into.Refer(function.Target);
            };
        }

        Expression self = Expression.Convert(instance, type);
        if (type.IsArray)
        {
            body.Add(Items(self, Expression.ArrayLength(self), type.GetElementType()!, hasher));
        }
        else if (StateFields.IsList(type))
        {
            (FieldInfo items, FieldInfo count) = StateFields.OfList(type);
            Type element = type.GetGenericArguments()[0];
            body.Add(Items(Expression.Field(self, items), Expression.Field(self, count), element, hasher));
            body.Add(Expression.Call(hasher, AddWord, Word(Expression.Field(self, count), typeof(int))));
        }
        else
        {
            ParameterExpression typed = Expression.Variable(type);
            body.Add(Expression.Assign(typed, self));
            AddFields(body, typed, type, hasher);
            return Expression.Lambda<Action<object, StateHasher>>(
                Expression.Block([typed], body), instance, hasher).Compile();
        }

        return Expression.Lambda<Action<object, StateHasher>>(Expression.Block(body), instance, hasher).Compile();
    }

    private static void AddFields(List<Expression> body, Expression of, Type type, ParameterExpression hasher)
    {
        foreach (FieldInfo field in StateFields.Of(type))
        {
            Add(body, Expression.Field(of, field), field.FieldType, hasher);
        }

        if (body.Count == 0)
        {
            body.Add(Expression.Empty());
        }
    }

    private static void Add(List<Expression> body, Expression value, Type type, ParameterExpression hasher)
    {
        if (!type.IsValueType)
        {
            body.Add(Expression.Call(hasher, AddReference, Expression.Convert(value, typeof(object))));
        }
        else if (type.IsPrimitive || type.IsEnum)
        {
            body.Add(Expression.Call(hasher, AddWord, Word(value, type)));
        }
        else if (StateFields.InlineElement(type) is { } element)
        {
            MethodInfo walk = Of(nameof(WalkInline), typeof(StateWalk)).MakeGenericMethod(type, element);
            body.Add(Expression.Call(walk, value, hasher));
        }
        else
        {
            AddFields(body, value, type, hasher);
        }
    }

    private static Expression Word(Expression value, Type type)
    {
        if (type == typeof(bool))
        {
            return Expression.Condition(value, Expression.Constant(1UL), Expression.Constant(0UL));
        }

        if (type == typeof(double) || type == typeof(float))
        {
            MethodInfo bits = Of(nameof(BitConverter.DoubleToUInt64Bits), typeof(BitConverter));
            return Expression.Call(bits, Expression.Convert(value, typeof(double)));
        }

        Expression number = type.IsEnum ? Expression.Convert(value, Enum.GetUnderlyingType(type)) : value;
        return Expression.Convert(number, typeof(ulong));
    }

    private static MethodCallExpression Items(
        Expression array, Expression count, Type element, ParameterExpression hasher)
    {
        string name = !element.IsValueType ? nameof(WalkReferences)
            : IsPlain(element) ? nameof(WalkPlain)
            : nameof(WalkStructs);
        MethodInfo walk = Of(name, typeof(StateWalk));
        return name == nameof(WalkReferences)
            ? Expression.Call(walk, Expression.Convert(array, typeof(object?[])), count, hasher)
            : Expression.Call(walk.MakeGenericMethod(element), array, count, hasher);
    }

    /// <summary>Whether the bytes of the values are what they mean.</summary>
    private static bool IsPlain(Type type) => type.IsPrimitive || type.IsEnum;

    /// <summary>What is beyond the last value that is not zero does not count: arrays grow ahead of need.</summary>
    private static void WalkPlain<T>(T[]? array, int count, StateHasher into)
        where T : unmanaged
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(array.AsSpan(0, array is null ? 0 : count)).TrimEnd((byte)0);
        into.Add((ulong)bytes.Length);
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            into.Add(MemoryMarshal.Read<ulong>(bytes));
        }

        ulong last = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            last |= (ulong)bytes[i] << 8 * i;
        }

        into.Add(last);
    }

    private static void WalkReferences(object?[]? array, int count, StateHasher into)
    {
        ReadOnlySpan<object?> items = new(array, 0, array is null ? 0 : count);
        while (items.Length > 0 && items[^1] is null)
        {
            items = items[..^1];
        }

        into.Add((ulong)items.Length);
        foreach (object? item in items)
        {
            into.Refer(item);
        }
    }

    private static void WalkStructs<T>(T[]? array, int count, StateHasher into)
        where T : struct
    {
        for (int i = 0; array is not null && i < count; i++)
        {
            ValueWalk<T>.Walk(ref array[i], into);
        }
    }

    private static void WalkInline<TBuffer, TElement>(ref TBuffer buffer, StateHasher into)
        where TBuffer : struct
    {
        Span<TElement> items = MemoryMarshal.CreateSpan(
            ref Unsafe.As<TBuffer, TElement>(ref buffer), Unsafe.SizeOf<TBuffer>() / Unsafe.SizeOf<TElement>());
        foreach (ref TElement item in items)
        {
            ValueWalk<TElement>.Walk(ref item, into);
        }
    }

    private static MethodInfo Of(string name, Type type) => type.GetMethod(
        name, BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)!;

    /// <summary>The walk of a value inside an array.</summary>
    private static class ValueWalk<T>
    {
        internal delegate void Walker(ref T value, StateHasher into);

        public static readonly Walker Walk = Make();

        private static Walker Make()
        {
            ParameterExpression value = Expression.Parameter(typeof(T).MakeByRefType());
            ParameterExpression hasher = Expression.Parameter(typeof(StateHasher));
            List<Expression> body = [];
            Add(body, value, typeof(T), hasher);
            return Expression.Lambda<Walker>(Expression.Block(body), value, hasher).Compile();
        }
    }
}
