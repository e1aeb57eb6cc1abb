using System.Collections.Concurrent;
using System.Linq.Expressions;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Interleave;

/// <summary>How the objects of one type are copied and put back: compiled once from the type's fields.</summary>
internal abstract class StateCopy
{
    private static readonly ConcurrentDictionary<Type, StateCopy?> All = new();

    /// <summary>The way of a type; null where nothing in it changes.</summary>
    public static StateCopy? For(Type type) => All.GetOrAdd(type, static missing => Make(missing));

    /// <summary>What there is to be put back.</summary>
    public abstract object Save(object source);

    /// <summary>Puts it back.</summary>
    public abstract void Restore(object target, object saved);

    /// <summary>Whether nothing has changed since.</summary>
    public abstract bool IsAs(object target, object saved);

    private static StateCopy? Make(Type type)
    {
        if (type.IsAssignableTo(typeof(Delegate)))
        {
            return null;
        }

        if (type.IsArray)
        {
            return (StateCopy)Activator.CreateInstance(typeof(OfArray<>).MakeGenericType(type.GetElementType()!))!;
        }

        if (StateFields.IsList(type))
        {
            Type copy = type.GetGenericTypeDefinition() == typeof(List<>) ? typeof(OfList<>) : typeof(OfStack<>);
            return (StateCopy)Activator.CreateInstance(copy.MakeGenericType(type.GetGenericArguments()))!;
        }

        FieldInfo[] changing = [.. StateFields.Of(type).Where(field => !field.IsInitOnly)];
        return changing.Length == 0 ? null : new OfFields(type, changing);
    }

    private sealed class OfFields : StateCopy
    {
        private static readonly Func<object, object> Clone = typeof(object)
            .GetMethod("MemberwiseClone", BindingFlags.Instance | BindingFlags.NonPublic)!
            .CreateDelegate<Func<object, object>>();

        private readonly Action<object, object> restore;
        private readonly Func<object, object, bool> isAs;

        public OfFields(Type type, FieldInfo[] fields)
        {
            ParameterExpression target = Expression.Parameter(typeof(object));
            ParameterExpression saved = Expression.Parameter(typeof(object));
            ParameterExpression to = Expression.Variable(type);
            ParameterExpression from = Expression.Variable(type);
            Expression[] casts =
            [
                Expression.Assign(to, Expression.Call(typeof(Unsafe), nameof(Unsafe.As), [type], target)),
                Expression.Assign(from, Expression.Call(typeof(Unsafe), nameof(Unsafe.As), [type], saved)),
            ];
            restore = Expression.Lambda<Action<object, object>>(
                Expression.Block([to, from], [.. casts, .. fields.Select(Assign)]), target, saved).Compile();
            Expression same = fields.Select(Same).Aggregate(Expression.AndAlso);
            isAs = Expression.Lambda<Func<object, object, bool>>(
                Expression.Block([to, from], [.. casts, same]), target, saved).Compile();

            Expression Assign(FieldInfo field) =>
                Expression.Assign(Expression.Field(to, field), Expression.Field(from, field));

            Expression Same(FieldInfo field) =>
                StateCopy.Same(Expression.Field(to, field), Expression.Field(from, field), field.FieldType);
        }

        public override object Save(object source) => Clone(source);

        public override void Restore(object target, object saved) => restore(target, saved);

        public override bool IsAs(object target, object saved) => isAs(target, saved);
    }

    private static Expression Same(Expression one, Expression other, Type type)
    {
        if (!type.IsValueType)
        {
            return Expression.ReferenceEqual(one, other);
        }

        if (type.IsPrimitive || type.IsEnum)
        {
            return Expression.Equal(one, other);
        }

        return StateFields.InlineElement(type) is null
            ? StateFields.Of(type)
                .Select(field => Same(Expression.Field(one, field), Expression.Field(other, field), field.FieldType))
                .Aggregate((Expression)Expression.Constant(true), Expression.AndAlso)
            : Expression.Call(typeof(StateCopy), nameof(SameBytes), [type], one, other);
    }

    /// <summary>Whether two values are the same bytes: references to the same objects among them.</summary>
    private static bool SameBytes<T>(ref T one, ref T other)
        where T : struct
    {
        ReadOnlySpan<byte> left = MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<T, byte>(ref one), Unsafe.SizeOf<T>());
        return left.SequenceEqual(
            MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<T, byte>(ref other), Unsafe.SizeOf<T>()));
    }

    private static bool SameItems<T>(ReadOnlySpan<T> items, ReadOnlySpan<T> saved)
    {
        int bytes = items.Length * Unsafe.SizeOf<T>();
        return items.Length == saved.Length && MemoryMarshal
            .CreateReadOnlySpan(ref Unsafe.As<T, byte>(ref MemoryMarshal.GetReference(items)), bytes)
            .SequenceEqual(MemoryMarshal.CreateReadOnlySpan(
                ref Unsafe.As<T, byte>(ref MemoryMarshal.GetReference(saved)), bytes));
    }

    private sealed class OfArray<T> : StateCopy
    {
        public override object Save(object source) => ((T[])source).Clone();

        public override void Restore(object target, object saved) =>
            Array.Copy((T[])saved, (T[])target, ((T[])saved).Length);

        public override bool IsAs(object target, object saved) =>
            SameItems<T>(Unsafe.As<T[]>(target), Unsafe.As<T[]>(saved));
    }

    private sealed class OfList<T> : StateCopy
    {
        public override object Save(object source) => ((List<T>)source).ToArray();

        public override void Restore(object target, object saved)
        {
            List<T> list = (List<T>)target;
            list.Clear();
            list.AddRange((T[])saved);
        }

        public override bool IsAs(object target, object saved) =>
            SameItems(CollectionsMarshal.AsSpan(Unsafe.As<List<T>>(target)), Unsafe.As<T[]>(saved));
    }

    private sealed class OfStack<T> : StateCopy
    {
        /// <summary>The bottom first: enumerating begins at the top.</summary>
        public override object Save(object source)
        {
            T[] items = ((Stack<T>)source).ToArray();
            Array.Reverse(items);
            return items;
        }

        public override void Restore(object target, object saved)
        {
            Stack<T> stack = (Stack<T>)target;
            stack.Clear();
            foreach (T item in (T[])saved)
            {
                stack.Push(item);
            }
        }

        public override bool IsAs(object target, object saved)
        {
            Stack<T> stack = (Stack<T>)target;
            T[] items = (T[])saved;
            int at = items.Length;
            if (stack.Count != at)
            {
                return false;
            }

            foreach (T item in stack)
            {
                if (!EqualityComparer<T>.Default.Equals(item, items[--at]))
                {
                    return false;
                }
            }

            return true;
        }
    }
}
