namespace Conformance.Guest;

/// <summary>A real kernel that runs in emulation, with the agent as its first process. Several can run side by
/// side.</summary>
public sealed class KernelGuest : IDisposable
{
    private readonly GuestOptions options;
    private Emulator emulator;

    /// <summary>Boots a kernel, and waits until its agent is ready.</summary>
    /// <param name="image">The kernel.</param>
    /// <param name="options">How, or null for the defaults.</param>
    /// <exception cref="GuestException">It does not boot.</exception>
    public KernelGuest(KernelImage image, GuestOptions? options = null)
    {
        this.options = options ?? new GuestOptions();
        Image = image;
        emulator = new Emulator(image, this.options);
    }

    /// <summary>The kernel.</summary>
    public KernelImage Image { get; }

    /// <summary>All that the kernel has printed on its console since it was booted.</summary>
    public string Console => emulator.Console;

    /// <summary>Virtual cpus.</summary>
    public int Cpus => options.Cpus;

    /// <summary>The memory of each node.</summary>
    internal IReadOnlyList<FileStream> Memory => emulator.Memory;

    /// <summary>Has one operation done.</summary>
    /// <param name="operation">See "Protocol" in the README of this project.</param>
    /// <exception cref="GuestException">The guest is gone: <see cref="Restart"/> starts another one.</exception>
    public Reply Send(string operation) => SendAll(operation)[0];

    /// <summary>Has several operations done in one round trip.</summary>
    /// <param name="operations">Separated by <c>;</c>.</param>
    /// <returns>What each of them said.</returns>
    /// <exception cref="GuestException">See <see cref="Send"/>.</exception>
    public IReadOnlyList<Reply> SendAll(string operations)
    {
        try
        {
            return emulator.Channel.Send(operations);
        }
        catch (IOException error)
        {
            throw new GuestException(
                $"{Image.Release} is gone at '{operations}': {error.Message}; {Emulator.Tail(Console)}", error);
        }
    }

    /// <summary>Ends the guest and boots the same kernel again.</summary>
    /// <exception cref="GuestException">It does not boot.</exception>
    public void Restart()
    {
        emulator.Dispose();
        emulator = new Emulator(Image, options);
    }

    /// <inheritdoc />
    public void Dispose() => emulator.Dispose();
}
