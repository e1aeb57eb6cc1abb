using Mm.State;

namespace Fuzz.Oracles;

/// <summary>All laws about one file.</summary>
internal sealed class FileOracles(Kernel kernel, Judge judge) : ObjectOracles<Inode>(kernel, judge)
{
    private readonly ushort[] suspects = new ushort[FileTable.Max];

    /// <inheritdoc />
    public override IReadOnlyList<IOracle> All { get; } = [new PageCacheOracle()];

    /// <summary>Forgets suspects, for a new execution.</summary>
    public void Reset() => Array.Clear(suspects);

    /// <summary>Judges all; false when one is broken and has to be judged again.</summary>
    public bool Settle(Inode file) => Settle<PageCacheOracle>(file, ref suspects[file.Number]);
}
