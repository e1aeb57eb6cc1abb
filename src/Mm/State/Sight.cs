namespace Mm.State;

/// <summary>Ground truth: a page as a process saw it when it took a reference.</summary>
/// <param name="Writer">The <see cref="MmStruct.TruthId"/> of that process.</param>
/// <param name="Stores">How often the page had been stored to.</param>
/// <param name="Private">Whether it was anonymous: what is stored to a page of a file is everybody's.</param>
public readonly record struct Sight(int Writer, int Stores, bool Private)
{
    /// <summary>Whether another process has stored to the page since.</summary>
    public bool Leaks(Page frame) => Private && frame.TruthStores != Stores && frame.TruthWriter != Writer;
}
