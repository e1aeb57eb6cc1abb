using Fuzz.Programs;
using Fuzz.Shrinking;
using Interleave;

namespace Tests.Bench.PlantedBug;

/// <summary>The planted bug of PEERS.md section 5: set, add more than 10, neg, get on one cell, and no clear
/// between.</summary>
internal sealed class CellModel : ICandidateTest
{
    /// <summary>Calls of a random case.</summary>
    public const int Calls = 20;

    private const int Cells = 4;
    private const int NumberMax = 99;
    private static readonly Parameter Cell = new("cell", "c", 0);
    private static readonly Parameter Other = new("other", "c", 0);
    private static readonly Parameter Value = new("value", "", -1, 0, NumberMax);
    private readonly int[] progress = new int[Cells];

    private enum Kind : byte
    {
        Set,
        Add,
        Neg,
        Get,
        Clear,
        Swap,
    }

    /// <summary>Six kinds of calls on an array of four numbers.</summary>
    public static Language Language { get; } = new(
        "cells",
        [new ShapeField("cells", 1, Cells, 1)],
        [
            new CallInfo("set", "stage", "", "sets a cell", Cell, Value),
            new CallInfo("add", "stage", "", "adds to a cell", Cell, Value),
            new CallInfo("neg", "stage", "", "negates a cell", Cell),
            new CallInfo("get", "stage", "", "reads a cell", Cell),
            new CallInfo("clear", "stage", "", "clears a cell", Cell),
            new CallInfo("swap", "stage", "", "swaps two cells", Cell, Other),
        ],
        cpusMax: 1,
        callsMax: Calls);

    /// <summary>The only simplest failing program.</summary>
    public static Program Minimum { get; } = new(
        Language, [1], [new((byte)Kind.Set), new((byte)Kind.Add, 0, 11), new((byte)Kind.Neg)],
        [[new Call((byte)Kind.Get)]]);

    /// <summary>A random case of one lane.</summary>
    public static Program Random(Rng rng)
    {
        Call[] calls = new Call[Calls];
        for (int i = 0; i < calls.Length; i++)
        {
            byte kind = (byte)rng.Next(Language.Calls.Count);
            byte second = (byte)(kind == (byte)Kind.Swap ? rng.Next(Cells) : rng.Next(NumberMax + 1));
            calls[i] = new Call(kind, (byte)rng.Next(Cells), second);
        }

        return new Program(Language, [Cells], [], [calls]).Clamped();
    }

    /// <inheritdoc />
    public bool Fails(Program candidate)
    {
        Array.Clear(progress);
        return Fails(candidate.Setup) || Array.Exists(candidate.Cpus, Fails);
    }

    private bool Fails(Call[] calls)
    {
        foreach (Call call in calls)
        {
            ref int at = ref progress[call.A];
            at = ((Kind)call.Kind, at) switch
            {
                (Kind.Clear, _) => 0,
                (Kind.Set, 0) => 1,
                (Kind.Add, 1) when call.B > 10 => 2,
                (Kind.Neg, 2) => 3,
                (Kind.Get, 3) => 4,
                _ => at,
            };
            if (at == 4)
            {
                return true;
            }
        }

        return false;
    }
}
