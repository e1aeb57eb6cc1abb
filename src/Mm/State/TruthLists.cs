using Interleave;

namespace Mm.State;

/// <summary>Ground truth about adding entries to deferred split lists and taking them off: who may, and under which
/// lock.</summary>
/// <remarks>
/// A folio with a reference left is taken off only by the scanner that has pinned it; one without, by whoever brought
/// its count to 0. Up to v6.18 the scanner takes entries off its local list without the lock: then the entry before
/// must be the list's head, or pinned by the same scanner, since nobody else can take that one off meanwhile.
/// </remarks>
public static class TruthLists
{
    /// <summary>A removal begins: notes the laws that it breaks.</summary>
    public static void NoteRemoval(Kernel kernel, Cpu cpu, ListHead entry)
    {
        if (entry.Owner is not { } folio)
        {
            return;
        }

        if (folio.Refcount != 0 && folio.TruthScanner != cpu)
        {
            kernel.TruthBroken.Add(
                $"unqueue: {folio} is taken off {entry.TruthOn} by {cpu} although it has {folio.Refcount} references");
        }

        if (entry.TruthOn is not { Queue: { } queue } on || queue.TruthIsHeldBy(cpu))
        {
            return;
        }

        if (folio.TruthScanner != cpu || on == queue.Head)
        {
            kernel.TruthBroken.Add($"unlocked: {folio} is taken off {on} by {cpu}, which does not hold its lock");
        }
        else if (entry.Prev is { Owner: { } before } && before.TruthScanner != cpu)
        {
            kernel.TruthBroken.Add(
                $"neighbour: {folio} is taken off {on} without the lock; {before} before it, of refcount "
                + $"{before.Refcount}, is not pinned by {cpu}");
        }
        else if (entry.Prev?.Next != entry || entry.Next?.Prev != entry)
        {
            kernel.TruthBroken.Add($"neighbour: {folio} is taken off {on} without the lock, in the midst of a change");
        }

        if (entry.Prev is { Owner: { Refcount: 0 } freed })
        {
            kernel.TruthBroken.Add($"preceding: {folio} is taken off {on} without the lock; {freed} has no reference");
        }
    }

    /// <summary>An entry is about to be linked in: notes if it is linked already.</summary>
    public static void NoteAddition(Kernel kernel, ListHead entry, ListHead head)
    {
        if (entry.TruthOn is { } on)
        {
            kernel.TruthBroken.Add($"queued: {entry.Owner} is added to {head} although it is on {on}");
        }
    }
}
