using System.Runtime.CompilerServices;

namespace Interleave;

/// <summary>Hashes the complete state of an engine: every field of every object that can be reached from the engine
/// and its machine, suspended routines with their locals included, but for what is marked
/// <see cref="NotStateAttribute"/>.</summary>
/// <remarks>
/// Nothing has to be declared, so nothing can be forgotten: a field is state unless it says that it is not. Objects are
/// told apart by the order in which they are met, not by where they lie, so pooled and new objects are the same state.
/// Every lane must be parked (<see cref="IScheduler.ParksLanes"/>): what is on the stack cannot be seen. Dead locals
/// and memory that was freed count, too: that keeps apart what could be one, and never makes one of two.
/// </remarks>
public sealed class StateHasher
{
    /// <summary>Objects to remember before those are forgotten that are garbage, perhaps.</summary>
    private const int Limit = 1 << 15;

    private readonly object root;
    private StateSnapshot? origin;
    private Entry[] table = new Entry[1024];
    private int used;
    private int[] order = new int[512];
    private int count;
    private int stamp;
    private StateHash hash;

    /// <summary>A hasher of one engine.</summary>
    /// <param name="root">From what all of the state can be reached, the machine included.</param>
    public StateHasher(object root) => this.root = root;

    /// <summary>The hash of the state as it is.</summary>
    /// <exception cref="NotSupportedException">The state has a class of .NET that is no list.</exception>
    public StateHash Hash()
    {
        Begin();
        if (origin is null)
        {
            Refer(root);
        }
        else
        {
            HashChanges(origin);
        }

        for (int i = 0; i < count; i++)
        {
            Entry entry = table[order[i]];
            entry.Walk!.Walk!(entry.Object!, this);
        }

        return hash.Finished();
    }

    /// <summary>Copies the state as it is. From now on states are told apart by what they differ in from this one,
    /// which is a fraction of the work: most objects of an engine stay as they are.</summary>
    public StateSnapshot Save()
    {
        origin = null;
        Array.Clear(table);
        used = 0;
        Hash();
        StateSnapshot snapshot = new();
        for (int i = 0; i < count; i++)
        {
            snapshot.Add(table[order[i]].Object!);
        }

        origin = snapshot;
        Number(snapshot);
        return snapshot;
    }

    private void Begin()
    {
        if (used > Limit)
        {
            // Objects that were allocated for one execution only: most are garbage by now.
            Array.Clear(table);
            used = 0;
            if (origin is not null)
            {
                Number(origin);
            }
        }

        hash = StateHash.Empty;
        count = 0;
        stamp++;
    }

    private void Number(StateSnapshot snapshot)
    {
        for (int i = 0; i < snapshot.Objects.Count; i++)
        {
            Find(snapshot.Objects[i].Target).Original = i + 1;
        }
    }

    private void HashChanges(StateSnapshot snapshot)
    {
        for (int i = 0; i < snapshot.Objects.Count; i++)
        {
            StateSnapshot.Kept kept = snapshot.Objects[i];
            if (!kept.IsAsSaved)
            {
                Add((ulong)i);
                kept.Walk.Walk!(kept.Target, this);
            }
        }
    }

    /// <summary>Adds a value.</summary>
    internal void Add(ulong word) => hash = hash.With(word);

    /// <summary>Adds a reference: the number of the object, which is hashed later if it was not met before.</summary>
    internal void Refer(object? target)
    {
        if (target is null)
        {
            Add(0);
            return;
        }

        ref Entry entry = ref Find(target);
        StateWalk walk = entry.Walk!;
        if (walk.Walk is null)
        {
            ReferToConstant(target, walk);
            return;
        }

        if (entry.Original != 0)
        {
            Add((ulong)entry.Original << 24);
            return;
        }

        if (entry.Stamp != stamp)
        {
            entry.Stamp = stamp;
            entry.Number = count;
            if (count == order.Length)
            {
                Array.Resize(ref order, count * 2);
            }

            order[count++] = entry.Place;
        }

        Add((ulong)entry.Number + 1);
    }

    private void ReferToConstant(object target, StateWalk walk)
    {
        if (walk.IsIgnored)
        {
            Add(1);
        }
        else if (walk.IsString)
        {
            foreach (char letter in (string)target)
            {
                Add(letter);
            }

            Add(ulong.MaxValue);
        }
        else
        {
            Add(target is SharedObject shared ? 1UL << 40 | shared.Id : 1UL << 41 | ((Point)target).Id);
        }
    }

    private ref Entry Find(object target)
    {
        int mask = table.Length - 1;
        int place = Start(target, mask);
        while (table[place].Object is { } other)
        {
            if (ReferenceEquals(other, target))
            {
                return ref table[place];
            }

            place = place + 1 & mask;
        }

        return ref Insert(target, place);
    }

    private ref Entry Insert(object target, int place)
    {
        if (used * 2 >= table.Length)
        {
            Grow();
            return ref Find(target);
        }

        used++;
        table[place] = new Entry { Object = target, Walk = StateWalk.For(target.GetType()), Place = place };
        return ref table[place];
    }

    private void Grow()
    {
        Entry[] old = table;
        table = new Entry[old.Length * 2];
        int mask = table.Length - 1;
        int[] moved = new int[old.Length];
        for (int i = 0; i < old.Length; i++)
        {
            if (old[i].Object is { } target)
            {
                int place = Start(target, mask);
                while (table[place].Object is not null)
                {
                    place = place + 1 & mask;
                }

                moved[i] = place;
                table[place] = old[i] with { Place = place };
            }
        }

        for (int i = 0; i < count; i++)
        {
            order[i] = moved[order[i]];
        }
    }

    private static int Start(object target, int mask) =>
        (int)((uint)RuntimeHelpers.GetHashCode(target) * 0x9E3779B9u >> 7) & mask;

    /// <summary>An object that was met, in this state or before.</summary>
    private struct Entry
    {
        public object? Object;
        public StateWalk? Walk;

        /// <summary>The state in which it was met last.</summary>
        public int Stamp;

        /// <summary>Its number in that state.</summary>
        public int Number;

        /// <summary>Its number in the state that was saved, from 1; 0 when it is not of those.</summary>
        public int Original;

        /// <summary>Where it lies in the table.</summary>
        public int Place;
    }
}
