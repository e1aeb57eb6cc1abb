using System.Numerics;

namespace Mm.State;

/// <summary>A set of small numbers that is cheap to clear, to join and to walk in order.</summary>
public sealed class BitSet
{
    private ulong[] words;

    /// <summary>Whether a number was added since it was cleared: most sets are empty most of the time.</summary>
    [Interleave.NotState("a set that became empty may not know it yet")]
    private bool any;

    /// <summary>An empty set of numbers below <paramref name="capacity"/>.</summary>
    public BitSet(int capacity) => words = new ulong[(capacity + 63) / 64];

    /// <summary>Whether it has no number.</summary>
    public bool IsEmpty
    {
        get
        {
            ulong left = 0;
            for (int i = 0; any && i < words.Length; i++)
            {
                left |= words[i];
            }

            any = left != 0;
            return !any;
        }
    }

    /// <summary>Makes room for numbers below <paramref name="capacity"/>.</summary>
    public void Grow(int capacity)
    {
        if (capacity > words.Length * 64)
        {
            Array.Resize(ref words, (capacity + 63) / 64);
        }
    }

    /// <summary>Whether the number is in the set.</summary>
    public bool Contains(int number) => (words[number >> 6] & 1UL << (number & 63)) != 0;

    /// <summary>Adds a number.</summary>
    public void Add(int number)
    {
        any = true;
        words[number >> 6] |= 1UL << (number & 63);
    }

    /// <summary>Takes a number out.</summary>
    public void Remove(int number) => words[number >> 6] &= ~(1UL << (number & 63));

    /// <summary>Adds all of another set of the same capacity.</summary>
    public void Add(BitSet other)
    {
        any |= other.any;
        for (int i = 0; other.any && i < words.Length; i++)
        {
            words[i] |= other.words[i];
        }
    }

    /// <summary>Adds all numbers below <paramref name="count"/>.</summary>
    public void AddFirst(int count)
    {
        for (int number = 0; number < count; number++)
        {
            Add(number);
        }
    }

    /// <summary>Takes all numbers out.</summary>
    public void Clear()
    {
        if (any)
        {
            any = false;
            Array.Clear(words);
        }
    }

    /// <summary>The numbers, ascending. The number that is shown may be removed while walking.</summary>
    public Enumerator GetEnumerator() => new(words);

    /// <summary>Walks a set.</summary>
    public struct Enumerator
    {
        private readonly ulong[] words;
        private ulong left;
        private int word;

        internal Enumerator(ulong[] words)
        {
            this.words = words;
            left = words[0];
        }

        /// <summary>The number.</summary>
        public int Current { get; private set; }

        /// <summary>Goes to the next number.</summary>
        public bool MoveNext()
        {
            while (left == 0)
            {
                if (++word >= words.Length)
                {
                    return false;
                }

                left = words[word];
            }

            Current = (word << 6) + BitOperations.TrailingZeroCount(left);
            left &= left - 1;
            return true;
        }
    }
}
