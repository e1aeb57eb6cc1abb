using System.Numerics;
using Mm.State;

namespace Fuzz.Oracles;

/// <summary>Storing a whole flags word changes no bit but those its writer meant to change.</summary>
/// <remarks>
/// E11. Broken by a non-atomic <c>__folio_set_...</c> on a folio that others can reach. The kernel itself says nothing:
/// a lost PG_lru shows as list corruption, a lost PG_waiters as a hung task. One law for each bit: <c>PG_lru lost</c>.
/// </remarks>
public readonly struct FlagsWordOracle : IOracle<Folio>
{
    /// <inheritdoc />
    public string Name => "flags-word";

    /// <inheritdoc />
    public bool Holds(Kernel kernel, Folio subject) => (subject.TruthLost | subject.TruthResurrected) == PageFlag.None;

    /// <inheritdoc />
    public void Tell(Kernel kernel, Folio subject, IJudge judge)
    {
        TellEach(subject, subject.TruthLost, "lost", judge);
        TellEach(subject, subject.TruthResurrected, "resurrected", judge);
    }

    private static string KernelName(PageFlag bit) => bit switch
    {
        PageFlag.AnonExclusive => "PG_anon_exclusive",
        _ => $"PG_{bit.ToString().ToLowerInvariant()}",
    };

    private void TellEach(Folio folio, PageFlag bits, string what, IJudge judge)
    {
        for (uint left = (uint)bits; left != 0; left &= left - 1)
        {
            PageFlag bit = (PageFlag)(1u << BitOperations.TrailingZeroCount(left));
            string name = KernelName(bit);
            string did = what == "lost" ? $"cleared {name} that was just set" : $"set {name} that was just cleared";
            judge.Broken(this, $"{name} {what}", $"{folio}: a store of the whole flags word {did} by another cpu");
        }
    }
}
