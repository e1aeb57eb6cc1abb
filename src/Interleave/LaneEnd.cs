namespace Interleave;

/// <summary>What a lane's outermost routine returns to: it tells the machine that the lane is done, or what it
/// threw.</summary>
internal sealed class LaneEnd(Cpu cpu) : FlowBox(cpu.Machine.Pools)
{
    [NotState("it is reached from the lane's leaf")]
    private FlowBox? outermost;

    /// <summary>Waits for the routine. Returns false when it is done already.</summary>
    public bool Follow(in Flow flow)
    {
        if (flow.IsCompleted)
        {
            flow.GetResult();
            return false;
        }

        outermost = flow.Box;
        outermost!.Parent = this;
        return true;
    }

    /// <inheritdoc />
    public override void MoveNext()
    {
        Exception? thrown = null;
        try
        {
            outermost!.Finish();
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            thrown = error;
        }

        cpu.Machine.End(cpu, thrown);
    }

    /// <inheritdoc />
    protected override void Recycle()
    {
    }
}
