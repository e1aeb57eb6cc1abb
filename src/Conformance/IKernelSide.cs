using Mm.State;

namespace Conformance;

/// <summary>What the engine is compared with: a real kernel, or, in tests, another engine.</summary>
public interface IKernelSide : IDisposable
{
    /// <summary>Builds the fresh world of a shape.</summary>
    /// <exception cref="KernelLostException">The kernel is gone.</exception>
    void Reset(int[] shape);

    /// <summary>Makes one call, and shows what is there once no folio is in any cpu's batch.</summary>
    /// <param name="plan">The call.</param>
    /// <param name="engine">The engine after it: what it has stored is what has to be stored.</param>
    /// <exception cref="KernelLostException">The kernel is gone.</exception>
    Reaction Run(CallPlan plan, Kernel engine);
}
