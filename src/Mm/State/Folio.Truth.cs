namespace Mm.State;

/// <content>The ground truth of who holds it.</content>
public sealed partial class Folio
{
    private int truthMappingLife;

    /// <summary>Ground truth: how many words of the swap table name it.</summary>
    public int TruthTableWords { get; private set; }

    /// <summary>Ground truth: somebody has found this anon_vma by the folio, and counts on its staying.</summary>
    /// <remarks>KSM may take the folio meanwhile; nobody minds.</remarks>
    public void TruthTake(AnonVma anonVma)
    {
        if (Mapping is { } own
            && (own.Freed || own.TruthLife != truthMappingLife || own.Root != anonVma.Root))
        {
            Kernel.TruthBroken.Add($"rmap: {anonVma} was found by {this}, and is another's by now");
        }
    }

    /// <summary>The sum of all references out, pins counted with their bias.</summary>
    public int TruthReferences()
    {
        int sum = 0;
        for (int i = 0; i < (int)Holder.Pin; i++)
        {
            sum += truthHolders[i];
        }

        return sum + truthHolders[(int)Holder.Pin] * PinReferences;
    }

    /// <summary>Ground truth: how many mapped pages of this folio the statistics of a memcg have.</summary>
    public int TruthBooked(Memcg memcg) => (int)((truthBooks >> (BookBits * memcg.Number)) & BookMask) - BookEven;

    /// <summary>Ground truth: so many more words of the swap table name it.</summary>
    internal void TruthTabled(int words) => TruthTableWords += words;

    /// <summary>Ground truth: the statistics of a memcg have changed because of this folio.</summary>
    internal void TruthBook(Memcg memcg, int pages)
    {
        truthBooks += (long)pages << (BookBits * memcg.Number);
        Touch();
    }
}
