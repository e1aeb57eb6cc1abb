using System.Runtime.InteropServices;

namespace Interleave;

/// <summary>Takes down what each step touches.</summary>
internal sealed class TouchLog
{
    private readonly List<Touch> touches = [];

    public ReadOnlySpan<Touch> Touches => CollectionsMarshal.AsSpan(touches);

    public void Note(int step, ushort changed, bool writes)
    {
        if (step >= 0)
        {
            touches.Add(new Touch(step, changed, writes, Awaited: false));
        }
    }

    /// <summary>A step begins.</summary>
    /// <param name="step">Its number.</param>
    /// <param name="cpu">The lane, still parked.</param>
    /// <param name="waits">Whether it waited.</param>
    /// <param name="asks">Whether it waited for what is no lock: nobody says which steps can bring that.</param>
    public void NoteStep(int step, Cpu cpu, bool waits, bool asks)
    {
        if (cpu.Target is { } target)
        {
            bool writes = cpu.Parked.Access is not (Access.None or Access.Read);
            touches.Add(new Touch(step, target.Id, writes, waits));
        }

        if (asks)
        {
            touches.Add(new Touch(step, Touch.Grace, Writes: true, Awaited: true));
        }
    }
}
