using Interleave;

namespace Mm.State;

/// <summary>Ground truth: a page that a lane has found and pinned, and not yet written down.</summary>
/// <param name="Mm">The process.</param>
/// <param name="Page">Where what was found there is now.</param>
/// <param name="Attached">Whether it was not dropped since.</param>
public record struct PinUnderWay(MmStruct? Mm, int Page, bool Attached);

/// <summary>The part of the state that has to do with references to user pages that devices and pipes hold.</summary>
public sealed partial class Kernel
{
    /// <summary>Most pins at once.</summary>
    public const int PinsMax = 8;

    /// <summary>Most references of pipes at once.</summary>
    public const int GetsMax = 4;

    /// <summary>Pins held by devices.</summary>
    public Pin[] Pins { get; } = new Pin[PinsMax];

    /// <summary>References held by pipes.</summary>
    public Pin[] Gets { get; } = new Pin[GetsMax];

    /// <summary>Ground truth: what each lane has pinned, or is about to.</summary>
    public PinUnderWay[] TruthPinning { get; } = new PinUnderWay[Kernel.CpusMax];

    /// <summary>Ground truth: the page of the process was dropped, so pins through it no longer show what it
    /// reads.</summary>
    public void DetachPins(MmStruct mm, int page)
    {
        foreach (Pin pin in Pins)
        {
            if (pin.Folio is not null && pin.Mm == mm && pin.Page == page)
            {
                pin.TruthAttached = false;
            }
        }

        foreach (ref PinUnderWay pin in TruthPinning.AsSpan())
        {
            pin.Attached &= pin.Mm != mm || pin.Page != page;
        }
    }

    /// <summary>Ground truth: what is pinned through one page is found at another from now on.</summary>
    public void MovePins(MmStruct mm, int page, int to)
    {
        foreach (Pin pin in Pins)
        {
            if (pin.Folio is not null && pin.Mm == mm && pin.Page == page && pin.TruthAttached)
            {
                pin.Page = to;
            }
        }

        foreach (ref PinUnderWay pin in TruthPinning.AsSpan())
        {
            pin.Page = pin.Attached && pin.Mm == mm && pin.Page == page ? to : pin.Page;
        }
    }

    private void MakePins()
    {
        for (int i = 0; i < PinsMax; i++)
        {
            Pins[i] = new Pin(ids.Word(ObjectKind.Pin, $"pin {i}"));
        }

        for (int i = 0; i < GetsMax; i++)
        {
            Gets[i] = new Pin(ids.Word(ObjectKind.Pin, $"pipe buffer {i}"));
        }
    }

    private void ResetPins()
    {
        Array.Clear(TruthPinning);
        foreach (Pin held in Gets)
        {
            held.Frame = null;
        }

        foreach (Pin pin in Pins)
        {
            pin.Frame = null;
        }
    }
}
