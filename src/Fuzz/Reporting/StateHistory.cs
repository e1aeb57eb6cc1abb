namespace Fuzz.Reporting;

/// <summary>One field of one object, for as long as an execution runs.</summary>
/// <param name="Group">What sort of object.</param>
/// <param name="Order">The object's place in the group.</param>
/// <param name="Object">The object.</param>
/// <param name="Place">The field's place in the object.</param>
/// <param name="Field">The field's name; may be empty.</param>
public sealed record StateCell(StateGroup Group, int Order, string Object, int Place, string Field);

/// <summary>What became of a cell in one step.</summary>
/// <param name="Cell">Index of the cell.</param>
/// <param name="Value">Its value from now on; empty when there is nothing to say.</param>
public readonly record struct StateChange(int Cell, string Value);

/// <summary>An engine's state after each step of an execution, as the changes from step to step.</summary>
public sealed class StateHistory
{
    private readonly List<StateCell> cells = [];
    private readonly List<IReadOnlyList<StateChange>> changes = [];
    private readonly Dictionary<(StateGroup, string, int), int> known = [];
    private readonly List<string> values = [];

    /// <summary>All fields that ever had a value.</summary>
    public IReadOnlyList<StateCell> Cells => cells;

    /// <summary>What made up the state before the first step, then what each step changed. Cells begin empty.</summary>
    public IReadOnlyList<IReadOnlyList<StateChange>> Changes => changes;

    /// <summary>Adds the state after one more step.</summary>
    /// <returns>How many fields it changed.</returns>
    public int Add(IEnumerable<StateLine> lines)
    {
        List<StateChange> step = [];
        HashSet<int> gone = [.. Enumerable.Range(0, values.Count).Where(cell => values[cell].Length > 0)];
        foreach (StateLine line in lines)
        {
            for (int place = 0; place < line.Fields.Count; place++)
            {
                StateField field = line.Fields[place];
                if (field.Value.Length > 0)
                {
                    int cell = CellOf(line, place, field);
                    gone.Remove(cell);
                    Set(step, cell, field.Value);
                }
            }
        }

        foreach (int cell in gone.Order())
        {
            Set(step, cell, "");
        }

        changes.Add(step);
        return step.Count;
    }

    private int CellOf(StateLine line, int place, StateField field)
    {
        // By number too: the console says what it says twice in two lines of the same name.
        (StateGroup, string, int) key = (line.Group, $"{line.Order} {line.Name}", place);
        if (!known.TryGetValue(key, out int cell))
        {
            cell = cells.Count;
            known.Add(key, cell);
            cells.Add(new StateCell(line.Group, line.Order, line.Name, place, field.Name));
            values.Add("");
        }

        return cell;
    }

    private void Set(List<StateChange> step, int cell, string value)
    {
        if (values[cell] != value)
        {
            values[cell] = value;
            step.Add(new StateChange(cell, value));
        }
    }
}
