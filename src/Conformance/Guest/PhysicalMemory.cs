using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;

namespace Conformance.Guest;

/// <summary>The memory of a guest by physical address: the nodes' memory, one after the other.</summary>
internal sealed unsafe class PhysicalMemory : IDisposable
{
    private readonly (MemoryMappedFile File, MemoryMappedViewAccessor View, IntPtr Start)[] nodes;
    private readonly ulong nodeSize;

    /// <summary>Maps files of equal size, to be read only.</summary>
    public PhysicalMemory(IReadOnlyList<FileStream> files)
    {
        nodeSize = (ulong)files[0].Length;
        nodes = [.. files.Select(Map)];
    }

    /// <summary>Bytes of all nodes.</summary>
    public ulong Size => nodeSize * (ulong)nodes.Length;

    /// <summary>Copies bytes, which may lie on both nodes.</summary>
    /// <exception cref="GuestException">There is no such memory: what led here was no address.</exception>
    public void Read(ulong address, Span<byte> into)
    {
        while (into.Length > 0)
        {
            int node = (int)(address / nodeSize);
            if (node >= nodes.Length)
            {
                throw new GuestException($"the guest has no memory at physical address {address:x}");
            }

            ulong offset = address % nodeSize;
            int count = (int)Math.Min((ulong)into.Length, nodeSize - offset);
            new ReadOnlySpan<byte>((byte*)nodes[node].Start + offset, count).CopyTo(into);
            into = into[count..];
            address += (ulong)count;
        }
    }

    /// <summary>The word at an address.</summary>
    /// <exception cref="GuestException">See <see cref="Read"/>.</exception>
    public ulong Word(ulong address)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        Read(address, bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach ((MemoryMappedFile file, MemoryMappedViewAccessor view, _) in nodes)
        {
            view.SafeMemoryMappedViewHandle.ReleasePointer();
            view.Dispose();
            file.Dispose();
        }
    }

    private static (MemoryMappedFile File, MemoryMappedViewAccessor View, IntPtr Start) Map(FileStream stream)
    {
        MemoryMappedFile file = MemoryMappedFile.CreateFromFile(
            stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        MemoryMappedViewAccessor view = file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        byte* start = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        return (file, view, (IntPtr)start);
    }
}
