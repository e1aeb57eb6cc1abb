using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Shrinking;
using Mm.State;

namespace Conformance;

/// <summary>Runs programs call by call on the engine and on a kernel, and compares what both show after each.</summary>
/// <remarks>One for each worker; not thread-safe. The calls of a program's lanes come after its setup, lane by
/// lane.</remarks>
/// <param name="engine">The engine.</param>
/// <param name="kernel">What it is compared with.</param>
/// <param name="comparison">How.</param>
public sealed class Conformer(EngineSide engine, IKernelSide kernel, Comparison comparison)
{
    /// <summary>VMAs of a process from which on the engine has too few to spare (VmaModify.MapCountMax; 65530 in the
    /// kernel).</summary>
    private const int VmasMax = 5;

    private EngineSide? text;

    /// <summary>How often each call was made, by kind; what shrinking makes is left out.</summary>
    public long[] CallCounts { get; } = new long[MmLanguage.Instance.Calls.Count];

    /// <summary>Runs a program to its end, or to the first difference.</summary>
    /// <exception cref="KernelLostException">The kernel is gone.</exception>
    public Trial Run(Program program)
    {
        if (!CallMapping.HasWorld(program.Shape))
        {
            return new Trial(0, TrialEnd.Outside);
        }

        engine.Reset(program.Shape);
        kernel.Reset(program.Shape);
        Call[] calls = Difference.InOrder(program);
        View? before = null;
        int made = 0;
        for (int i = 0; i < calls.Length; i++)
        {
            CallRow row = CallMapping.Of((MmCall)calls[i].Kind);
            if (!row.AppliesTo(comparison.Release) || IsCrowded() || HasWrittenZeroes())
            {
                return new Trial(made, TrialEnd.Outside);
            }

            if (engine.Plan(calls[i]) is not { } plan)
            {
                continue;
            }

            Reaction? mine = engine.Run(plan);
            if (mine is null)
            {
                return engine.Broken.Count > 0 && TextPasses(program.Shape, calls.AsSpan(0, i + 1))
                    ? new Trial(made, TrialEnd.Outside)
                    : new Trial(made, TrialEnd.EngineFailed) { Broken = engine.Broken };
            }

            Reaction theirs = kernel.Run(plan, engine.Kernel);
            made++;
            CallCounts[calls[i].Kind]++;
            if (comparison.First(mine, theirs) is { } mismatch)
            {
                Program soFar = new(program.Language, program.Shape, calls[..(i + 1)], []);
                return new Trial(made, TrialEnd.Differs)
                {
                    Difference = new Difference(soFar, mismatch, before, mine, theirs),
                };
            }

            before = mine.View;
        }

        return new Trial(made, TrialEnd.Agrees);
    }

    /// <summary>The simplest program that differs in the same way.</summary>
    /// <exception cref="KernelLostException">The kernel is gone.</exception>
    public Difference Shrink(Difference difference)
    {
        long[] counts = [.. CallCounts];
        StillDiffers test = new(this, difference);
        new Shrinker(test).Shrink(difference.Program);
        counts.CopyTo(CallCounts, 0);
        return test.Simplest;
    }

    /// <summary>Whether the calls break no law without the variants of the kernel's version and of the guest's
    /// devices.</summary>
    private bool TextPasses(int[] shape, ReadOnlySpan<Call> calls)
    {
        text ??= new EngineSide(judged: true);
        text.Reset(shape);
        foreach (Call call in calls)
        {
            if (text.Plan(call) is { } plan && text.Run(plan) is null)
            {
                return false;
            }
        }

        return true;
    }

    private bool IsCrowded()
    {
        foreach (MmStruct mm in engine.Kernel.Mms)
        {
            if (mm.Vmas.Count > VmasMax)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether zeroes have gone to a device that takes its time: the engine has them in the swap cache, and
    /// the kernel has nothing of the kind (swap_writeout, zeromap).</summary>
    private bool HasWrittenZeroes()
    {
        SwapDevice swap = engine.Kernel.Swap;
        for (int slot = 0; !swap.Synchronous && slot < swap.Slots; slot++)
        {
            if (swap.Cached(slot) is { Data: 0 })
            {
                return true;
            }
        }

        return false;
    }

    private sealed class StillDiffers(Conformer conformer, Difference first) : ICandidateTest
    {
        /// <summary>The last that did: the shrinker takes every program that fails.</summary>
        public Difference Simplest { get; private set; } = first;

        public bool Fails(Program candidate)
        {
            Difference? difference = conformer.Run(candidate).Difference;
            bool differs = difference is not null
                && difference.Signature == Simplest.Signature
                && difference.Program.Setup.Length == candidate.Setup.Length + candidate.ConcurrentCalls;
            if (differs)
            {
                Simplest = difference!;
            }

            return differs;
        }
    }
}

/// <summary>How a program ended.</summary>
public enum TrialEnd
{
    /// <summary>Both sides have shown the same after each call.</summary>
    Agrees,

    /// <summary>They have not.</summary>
    Differs,

    /// <summary>The engine has waited for ever, or broken a law of its own.</summary>
    EngineFailed,

    /// <summary>A call cannot be made on a kernel, the engine's world is too small for it, or it breaks a law that
    /// only the variants of the kernel's version break, as is known of them: what was before it agrees.</summary>
    Outside,
}

/// <summary>What came of one program.</summary>
/// <param name="Calls">Calls that were made on both sides.</param>
/// <param name="End">How it ended.</param>
public sealed record Trial(int Calls, TrialEnd End)
{
    /// <summary>Where it differs.</summary>
    public Difference? Difference { get; init; }

    /// <summary>The engine's own laws that were broken.</summary>
    public IReadOnlyList<Violation> Broken { get; init; } = [];
}
