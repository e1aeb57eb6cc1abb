using System.Numerics;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using SharpFuzz.Common;

namespace Fuzz.Coverage;

/// <summary>The edges of the engine's code that were seen: AFL's map, read in the process itself.</summary>
/// <remarks>
/// <para>An edge is (branch before, branch); the branch before may be another cpu's, so that the map feels the
/// interleaving. Unlike AFL, how often an execution takes an edge says nothing here: loops of the engine go over pages,
/// which a program has few of, and classes of counts would cost as much to look up as all else.</para>
/// <para>There are edges only where the engine's assembly is woven (<see cref="IsWoven"/>): in a plain process all of
/// this does nothing. The map is one for the process (<see cref="Trace.SharedMem"/>): executions of one thread at a
/// time only. Allocates nothing after its construction. Not thread-safe.</para>
/// </remarks>
public sealed unsafe class EdgeMap
{
    /// <summary>Bytes of the map.</summary>
    public const int Size = 1 << 16;

    /// <summary>Executions after which an edge is common.</summary>
    private const byte TimesMax = 128;

    /// <summary>For each edge the executions that took it, up to <see cref="TimesMax"/>.</summary>
    private readonly byte[] times = new byte[Size];

    /// <summary>For each edge whether it is common: no bits until it is, then all.</summary>
    private readonly byte[] common = new byte[Size];

    /// <summary>Whether the engine in this process is woven.</summary>
    public static bool IsWoven { get; } = typeof(Mm.Points).Assembly.GetReferencedAssemblies()
        .Any(name => name.Name == typeof(Trace).Assembly.GetName().Name);

    /// <summary>Whether equal executions leave equal maps. Those of the original weaver need not, as long as caches are
    /// cold: it weaves what happens once in a process, too.</summary>
    public static bool IsStable { get; private set; } = true;

    /// <summary>Number of different edges seen.</summary>
    public int Count { get; private set; }

    /// <summary>Forgets what woven code has left in the map: before an execution that is to be judged.</summary>
    public static void Begin()
    {
        if (IsWoven)
        {
            NativeMemory.Clear(Trace.SharedMem, Size);
            Trace.PrevLocation = 0;
        }
    }

    /// <summary>How often an edge was taken, in executions; at most 128.</summary>
    public int Times(Feature feature) => times[feature.Index];

    /// <summary>Adds what has been executed since <see cref="Begin"/>.</summary>
    /// <param name="notable">Takes the edges that were taken in the first, second, fourth ... execution.</param>
    /// <returns>How many edges were new; 0 when the engine is not woven.</returns>
    public int Add(List<Feature>? notable = null)
    {
        if (!IsWoven)
        {
            return 0;
        }

        int before = Count;
        byte* map = Trace.SharedMem;
        for (int at = 0; at < Size; at += Vector256<byte>.Count)
        {
            // Nearly all that an execution takes is common: nothing is to be done for it.
            Vector256<byte> taken = Vector256.AndNot(
                Vector256.Load(map + at), Vector256.LoadUnsafe(ref common[0], (nuint)at));
            if (taken == Vector256<byte>.Zero)
            {
                continue;
            }

            uint look = ~Vector256.Equals(taken, Vector256<byte>.Zero).ExtractMostSignificantBits();
            for (; look != 0; look &= look - 1)
            {
                int edge = at + BitOperations.TrailingZeroCount(look);
                Note(edge);
                if (TraceCoverage.IsNotable(times[edge]))
                {
                    notable?.Add(new Feature(Feedback.Edges, edge));
                }
            }
        }

        return Count - before;
    }

    /// <summary>Tells of each edge that has been taken since <see cref="Begin"/>.</summary>
    /// <param name="met">Called with the edge, below <see cref="Size"/>.</param>
    public static void Visit(Action<ulong> met)
    {
        for (int edge = 0; IsWoven && edge < Size; edge++)
        {
            if (Trace.SharedMem[edge] != 0)
            {
                met((ulong)edge);
            }
        }
    }

    /// <summary>Adds what another map has seen.</summary>
    /// <returns>How many edges were new.</returns>
    public int Add(EdgeMap other)
    {
        int before = Count;
        for (int edge = 0; edge < Size; edge++)
        {
            if (other.times[edge] != 0)
            {
                Note(edge);
            }
        }

        return Count - before;
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        Array.Clear(times);
        Array.Clear(common);
        Count = 0;
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
            IsStable = false;
        }
    }

    private void Note(int edge)
    {
        Count += times[edge] == 0 ? 1 : 0;
        if (times[edge] < TimesMax && ++times[edge] == TimesMax)
        {
            common[edge] = byte.MaxValue;
        }
    }
}
