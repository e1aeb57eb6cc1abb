using System.Reflection;
using System.Text;
using Interleave;

namespace Tests.Interleaving;

/// <summary>The state that a <see cref="StateHasher"/> hashes, as text: slow, and written down field by field, so that
/// two states can be compared by eye.</summary>
internal sealed class StateDump
{
    private readonly StringBuilder text = new();
    private readonly Dictionary<object, int> numbers = new(ReferenceEqualityComparer.Instance);
    private readonly List<object> order = [];

    private StateDump(object root)
    {
        Number(root);
        for (int i = 0; i < order.Count; i++)
        {
            text.Append('#').Append(i).Append(' ').Append(order[i].GetType().Name).Append('\n');
            Walk(order[i].GetType(), order[i], "");
        }
    }

    public static string Of(object root) => new StateDump(root).text.ToString();

    private int Number(object value)
    {
        if (!numbers.TryGetValue(value, out int number))
        {
            number = order.Count;
            numbers.Add(value, number);
            order.Add(value);
        }

        return number;
    }

    private void Walk(Type type, object value, string path)
    {
        if (StateFields.IsList(type))
        {
            (FieldInfo items, FieldInfo count) = StateFields.OfList(type);
            Show(path, (Array)items.GetValue(value)!, (int)count.GetValue(value)!);
        }
        else if (value is Array array)
        {
            Show(path, array, array.Length);
        }
        else if (value is Delegate function)
        {
            Add(path + ".method", typeof(string), function.Method.ToString());
            Add(path + ".target", typeof(object), function.Target);
        }
        else
        {
            foreach (FieldInfo field in StateFields.Of(type))
            {
                Add($"{path}.{field.Name}", field.FieldType, field.GetValue(value));
            }
        }
    }

    private void Show(string path, Array array, int count)
    {
        for (int i = 0; i < count; i++)
        {
            Add($"{path}[{i}]", array.GetType().GetElementType()!, array.GetValue(i));
        }
    }

    private void Add(string path, Type type, object? value)
    {
        if (value is null or 0 or false)
        {
            return;
        }

        bool isPlain = type.IsPrimitive || type.IsEnum || value is string || StateFields.IsConstant(value.GetType());
        if (!isPlain && type.IsValueType && StateFields.InlineElement(type) is null)
        {
            Walk(type, value, path);
        }
        else if (isPlain || type.IsValueType || StateFields.IsIgnored(value.GetType()))
        {
            text.Append($"  {path} = {value}\n");
        }
        else
        {
            text.Append($"  {path} = #{Number(value)}\n");
        }
    }
}
