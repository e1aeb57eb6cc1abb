using Fuzz.Programs;
using Interleave;

namespace Fuzz.Mutation;

/// <summary>Makes programs that differ a little from one that has shown something new.</summary>
/// <remarks>
/// Structure-aware: it edits calls, never bytes, and knows nothing of an engine but its <see cref="Language"/>. What it
/// inserts comes from a donor: another program, so that what its writer knew of calls that go together is not lost. A
/// havoc stack as AFL's: one edit mostly, seldom many.
/// </remarks>
public sealed class Mutator(Language language, Rng rng)
{
    private const int StackMax = 6;

    /// <summary>Edits that are tried when one has changed nothing.</summary>
    private const int Tries = 8;

    /// <summary>A mutant of a program.</summary>
    /// <param name="parent">The program.</param>
    /// <param name="donor">Where new calls come from; may be the same.</param>
    public Program Mutate(Program parent, Program donor)
    {
        Draft draft = new(parent);
        int edits = 1;
        while (edits < StackMax && rng.Next(3) == 0)
        {
            edits++;
        }

        for (int tries = 0; edits > 0 && tries < Tries; tries++)
        {
            edits -= Edit(draft, donor) ? 1 : 0;
        }

        return draft.ToProgram(language).Clamped();
    }

    private bool Edit(Draft draft, Program donor) => rng.Next(16) switch
    {
        0 or 1 => Insert(draft, donor),
        2 or 3 or 4 => Remove(draft),
        5 or 6 => Replace(draft, donor),
        7 => Move(draft),
        8 => Swap(draft),
        9 => Splice(draft, donor),
        10 or 11 => Duplicate(draft),
        12 or 13 or 14 => Tweak(draft),
        _ => Reshape(draft, donor),
    };

    private bool Insert(Draft draft, Program donor)
    {
        List<Call> into = AnyList(draft);
        if (into.Count >= language.CallsMax || AnyCall(donor) is not { } call)
        {
            return false;
        }

        into.Insert(rng.Next(into.Count + 1), call);
        return true;
    }

    private bool Remove(Draft draft)
    {
        List<Call> from = AnyList(draft);
        if (from.Count == 0)
        {
            return false;
        }

        from.RemoveAt(rng.Next(from.Count));
        draft.DropEmpty();
        return true;
    }

    private bool Replace(Draft draft, Program donor)
    {
        List<Call> list = AnyList(draft);
        if (list.Count == 0 || AnyCall(donor) is not { } call)
        {
            return false;
        }

        list[rng.Next(list.Count)] = call;
        return true;
    }

    /// <summary>A call goes to another lane, or to another place of its own.</summary>
    private bool Move(Draft draft)
    {
        List<Call> from = AnyList(draft);
        if (from.Count == 0)
        {
            return false;
        }

        int at = rng.Next(from.Count);
        Call call = from[at];
        List<Call> to = rng.Next(4) == 0 && draft.Cpus.Count < language.CpusMax ? draft.NewLane() : AnyList(draft);
        if (to != from && to.Count >= language.CallsMax)
        {
            return false;
        }

        from.RemoveAt(at);
        to.Insert(rng.Next(to.Count + 1), call);
        draft.DropEmpty();
        return true;
    }

    private bool Swap(Draft draft)
    {
        List<Call> list = AnyList(draft);
        if (list.Count < 2)
        {
            return false;
        }

        int at = rng.Next(list.Count - 1);
        (list[at], list[at + 1]) = (list[at + 1], list[at]);
        return true;
    }

    /// <summary>A lane of the donor comes in, beside the others or instead of one.</summary>
    private bool Splice(Draft draft, Program donor)
    {
        if (donor.Cpus.Length == 0)
        {
            return false;
        }

        List<Call> lane = draft.Cpus.Count < language.CpusMax && rng.Next(2) == 0
            ? draft.NewLane() : draft.Cpus[rng.Next(draft.Cpus.Count)];
        lane.Clear();
        lane.AddRange(donor.Cpus[rng.Next(donor.Cpus.Length)]);
        return true;
    }

    /// <summary>A call once more, by another name: of another process, at another page, or in another lane.</summary>
    private bool Duplicate(Draft draft)
    {
        List<Call> from = AnyList(draft);
        List<Call> to = AnyList(draft);
        if (from.Count == 0 || to.Count >= language.CallsMax)
        {
            return false;
        }

        Call call = from[rng.Next(from.Count)];
        to.Insert(rng.Next(to.Count + 1), rng.Next(2) == 0 ? call : Tweaked(call, draft.Shape));
        return true;
    }

    private bool Tweak(Draft draft)
    {
        List<Call> list = AnyList(draft);
        if (list.Count == 0)
        {
            return false;
        }

        int at = rng.Next(list.Count);
        Call tweaked = Tweaked(list[at], draft.Shape);
        bool changed = tweaked != list[at];
        list[at] = tweaked;
        return changed;
    }

    private Call Tweaked(Call call, int[] shape)
    {
        Parameter[] parameters = language.Calls[call.Kind].Parameters;
        if (parameters.Length == 0)
        {
            return call;
        }

        int which = rng.Next(parameters.Length);
        Parameter parameter = parameters[which];
        int value = parameter.IsIdentifier
            ? rng.Next(shape[parameter.Bound])
            : parameter.Min + rng.Next(parameter.Max - parameter.Min + 1);
        return call.With(which, (byte)value);
    }

    private bool Reshape(Draft draft, Program donor)
    {
        int which = rng.Next(language.Shape.Count);
        int value = donor.Shape[which];
        bool changed = draft.Shape[which] != value;
        draft.Shape[which] = value;
        return changed;
    }

    /// <summary>The setup once in three times, else a lane.</summary>
    private List<Call> AnyList(Draft draft) =>
        rng.Next(3) == 0 ? draft.Setup : draft.Cpus[rng.Next(draft.Cpus.Count)];

    private Call? AnyCall(Program donor)
    {
        Call[] list = donor.Cpus.Length == 0 || (rng.Next(3) == 0 && donor.Setup.Length > 0)
            ? donor.Setup : donor.Cpus[rng.Next(donor.Cpus.Length)];
        return list.Length == 0 ? null : list[rng.Next(list.Length)];
    }

    /// <summary>A program on its way, with a lane at least: test cases of others need have none.</summary>
    private sealed class Draft(Program parent)
    {
        public int[] Shape { get; } = [.. parent.Shape];

        public List<Call> Setup { get; } = [.. parent.Setup];

        public List<List<Call>> Cpus { get; } =
            [.. parent.Cpus.DefaultIfEmpty([]).Select(lane => lane.ToList())];

        public List<Call> NewLane()
        {
            Cpus.Add([]);
            return Cpus[^1];
        }

        public void DropEmpty()
        {
            while (Cpus.Count > 1 && Cpus.Find(lane => lane.Count == 0) is { } empty)
            {
                Cpus.Remove(empty);
            }
        }

        public Program ToProgram(Language language) =>
            new(language, Shape, [.. Setup], [.. Cpus.Select(lane => lane.ToArray())]);
    }
}
