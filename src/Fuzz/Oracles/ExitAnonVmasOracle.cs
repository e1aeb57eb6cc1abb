using System.Numerics;
using Mm.State;

namespace Fuzz.Oracles;

/// <summary>When all processes are gone, every anon_vma is back in its slab.</summary>
/// <remarks>C2. No message: the objects stay for ever.</remarks>
public sealed class ExitAnonVmasOracle : IWorldOracle
{
    /// <inheritdoc />
    public string Name => "exit-anon-vmas";

    /// <inheritdoc />
    public void Check(Kernel kernel, Seen seen, IJudge judge)
    {
        for (ulong left = seen.AnonVmas; left != 0; left &= left - 1)
        {
            AnonVma anonVma = kernel.AnonVmas[BitOperations.TrailingZeroCount(left)];
            if (!anonVma.Freed)
            {
                judge.Broken(
                    this, "anon_vma leaked",
                    $"{anonVma}: refcount {anonVma.Refcount}, {anonVma.Tree.Count} VMAs in its tree");
            }
        }
    }
}
