using System.Numerics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using SharpFuzz.Common;

namespace Fuzz.Coverage;

/// <summary>The edges of the engine's code that were seen, by how often an execution takes them: AFL's map, read in the
/// process itself.</summary>
/// <remarks>
/// <para>An edge is (branch before, branch); the branch before may be another cpu's, so that the map feels the
/// interleaving. Counts are classified as AFL does (afl-fuzz 2.52b, <c>count_class_lookup8</c>): 1, 2, 3, 4-7, 8-15,
/// 16-31, 32-127, 128 and more are eight things that can be new.</para>
/// <para>There are edges only where the engine's assembly is woven (<see cref="IsWoven"/>): in a plain process all of
/// this does nothing. The map is one for the process (<see cref="Trace.SharedMem"/>): executions of one thread at a
/// time only. Allocates nothing after its construction. Not thread-safe.</para>
/// </remarks>
public sealed unsafe class EdgeMap
{
    /// <summary>Bytes of the map.</summary>
    public const int Size = 1 << SizeLog;

    private const int SizeLog = 16;

    private static readonly byte[] Classes = BuildClasses();

    /// <summary>For each edge the classes that were seen.</summary>
    private readonly byte[] seen = new byte[Size];

    /// <summary>For each edge the executions that took it.</summary>
    private readonly FeatureMap times = new(SizeLog);

    /// <summary>Whether the engine in this process is woven.</summary>
    public static bool IsWoven { get; } = typeof(Mm.Points).Assembly.GetReferencedAssemblies()
        .Any(name => name.Name == typeof(Trace).Assembly.GetName().Name);

    /// <summary>Number of different edges seen.</summary>
    public int Count { get; private set; }

    /// <summary>Number of different pairs of an edge and a class of counts seen.</summary>
    public int Classified { get; private set; }

    /// <summary>Forgets what woven code has left in the map: before an execution that is to be judged.</summary>
    public static void Begin()
    {
        if (IsWoven)
        {
            NativeMemory.Clear(Trace.SharedMem, Size);
            Trace.PrevLocation = 0;
        }
    }

    /// <summary>How often an edge was taken, in executions; at most 65,535.</summary>
    public int Times(Feature feature) => times.Times(feature.Index);

    /// <summary>Adds what has been executed since <see cref="Begin"/>.</summary>
    /// <param name="notable">Takes the edges that were taken in the first, second, fourth ... execution.</param>
    /// <returns>How many pairs of an edge and a class of counts were new; 0 when the engine is not woven.</returns>
    public int Add(List<Feature>? notable = null)
    {
        if (!IsWoven)
        {
            return 0;
        }

        int before = Classified;
        byte* map = Trace.SharedMem;
        for (int at = 0; at < Size; at += Vector256<byte>.Count)
        {
            Vector256<byte> counts = Vector256.Load(map + at);
            if (counts == Vector256<byte>.Zero)
            {
                continue;
            }

            uint hit = ~Vector256.Equals(counts, Vector256<byte>.Zero).ExtractMostSignificantBits();
            for (; hit != 0; hit &= hit - 1)
            {
                int edge = at + BitOperations.TrailingZeroCount(hit);
                Note(edge, Classes[map[edge]]);
                if (TraceCoverage.IsNotable(times.Add(edge)))
                {
                    notable?.Add(new Feature(Feedback.Edges, edge));
                }
            }
        }

        return Classified - before;
    }

    /// <summary>Tells of each edge that has been taken since <see cref="Begin"/>, with the class of its
    /// count.</summary>
    /// <param name="met">Called with a number that no other pair has, below 2^24.</param>
    public static void Visit(Action<ulong> met)
    {
        for (int edge = 0; IsWoven && edge < Size; edge++)
        {
            if (Trace.SharedMem[edge] != 0)
            {
                met((ulong)edge << 8 | Classes[Trace.SharedMem[edge]]);
            }
        }
    }

    /// <summary>Adds what another map has seen.</summary>
    /// <returns>How many pairs were new.</returns>
    public int Add(EdgeMap other)
    {
        int before = Classified;
        for (int edge = 0; edge < Size; edge++)
        {
            Note(edge, other.seen[edge]);
        }

        return Classified - before;
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        Array.Clear(seen);
        times.Clear();
        Count = 0;
        Classified = 0;
    }

    /// <summary>Gives woven code a map to write to, where nobody else has: the original of
    /// <see cref="Trace"/> has none.</summary>
    [ModuleInitializer]
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Usage", "CA2255", Justification = "before any woven code")]
    internal static void Provide()
    {
        if (Trace.SharedMem == null)
        {
            Trace.SharedMem = (byte*)NativeMemory.AllocZeroed(Size);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Note(int edge, byte classes)
    {
        byte was = seen[edge];
        int added = classes & ~was;
        if (added != 0)
        {
            Count += was == 0 ? 1 : 0;
            Classified += BitOperations.PopCount((uint)added);
            seen[edge] = (byte)(was | added);
        }
    }

    private static byte[] BuildClasses()
    {
        byte[] classes = new byte[256];
        for (int count = 1; count < classes.Length; count++)
        {
            int log = BitOperations.Log2((uint)count);
            classes[count] = count switch
            {
                < 4 => (byte)(1 << count - 1),
                < 32 => (byte)(1 << log + 1),
                _ => count < 128 ? (byte)64 : (byte)128,
            };
        }

        return classes;
    }
}
