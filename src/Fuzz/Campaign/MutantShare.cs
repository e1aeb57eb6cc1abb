namespace Fuzz.Campaign;

/// <summary>How many of the programs are mutants and how many are fresh: whichever has shown more that is new for its
/// executions of late is run more often.</summary>
/// <remarks>
/// A two-armed bandit, in the spirit of MOpt (Lyu and others, USENIX Security 2019), which schedules mutators so.
/// At first nearly every fresh program shows something new, and mutants only cost; after some ten thousand executions
/// mutants show two to three times as much. What is new is counted in hand-offs, near misses and branches: code edges
/// are new too long. Mutants never get more than half: what breaks laws is not what is new.
/// </remarks>
public sealed class MutantShare
{
    private const int PercentMin = 10;
    private const int PercentMax = 50;

    /// <summary>How much of what a program showed still counts after the next: half after some 350.</summary>
    private const double Decay = 0.998;

    private Arm fresh;
    private Arm mutant;

    /// <summary>Percentage of the next programs that are to be mutants.</summary>
    public int Percent
    {
        get
        {
            double odds = fresh.Rate == 0 ? 1 : mutant.Rate / fresh.Rate;
            return Math.Clamp((int)(100 * odds * odds / (1 + odds * odds)), PercentMin, PercentMax);
        }
    }

    /// <summary>Takes what a program has shown.</summary>
    /// <param name="ofMutant">Whether it was a mutant.</param>
    /// <param name="found">Features that were new.</param>
    /// <param name="executions">Executions of it.</param>
    public void Add(bool ofMutant, int found, long executions)
    {
        ref Arm arm = ref ofMutant ? ref mutant : ref fresh;
        arm.Add(found, executions);
    }

    private struct Arm
    {
        private double found;
        private double executions;

        /// <summary>New features an execution; 1 before the first, for whatever is untried may pay.</summary>
        public readonly double Rate => executions == 0 ? 1 : found / executions;

        public void Add(int features, long count)
        {
            found = found * Decay + features;
            executions = executions * Decay + count;
        }
    }
}
