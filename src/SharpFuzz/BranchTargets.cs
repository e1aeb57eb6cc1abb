using Mono.Cecil;
using Mono.Cecil.Cil;

namespace SharpFuzz;

/// <summary>The places of a method where control arrives, and those of them that tell something.</summary>
/// <remarks>
/// Places are: the method's entry, targets of branches, what follows a conditional branch, handlers and filters. They
/// begin the blocks of a control-flow graph. Left out are
/// <list type="bullet">
/// <item>a block whose successors are reached through it alone (they tell it), a block where ways join that lead
/// nowhere else (they told it): local forms of what SanitizerCoverage of LLVM prunes as full dominators and full
/// post-dominators;</item>
/// <item>what the compiler adds to suspend and resume an async method: the block after the await tells it, as the
/// branch before is another one then;</item>
/// <item>branches that only lead around a cache, see <see cref="CacheBranch"/>.</item>
/// </list>
/// </remarks>
internal sealed class BranchTargets
{
    private readonly Dictionary<Instruction, Block> blocks = [];
    private readonly List<Block> order = [];

    private BranchTargets(MethodBody body)
    {
        foreach (Instruction leader in LeadersOf(body))
        {
            blocks[leader] = new Block(leader);
        }

        Block block = blocks[body.Instructions[0]];
        block.Arrivals++;
        foreach (Instruction instruction in body.Instructions)
        {
            if (blocks.TryGetValue(instruction, out Block? next))
            {
                Connect(block, next, instruction.Previous);
                block = next;
                order.Add(block);
            }

            block.IsAwait |= IsAwait(instruction);
        }

        foreach (Instruction instruction in body.Instructions)
        {
            block = blocks.GetValueOrDefault(instruction, block);
            foreach (Instruction target in JumpsOf(instruction))
            {
                Connect(block, blocks[target]);
            }
        }

        foreach (ExceptionHandler handler in body.ExceptionHandlers)
        {
            blocks[handler.HandlerStart].Arrivals++;
        }
    }

    /// <summary>The instructions to weave at, in order; none where the method has one way only.</summary>
    public static List<Instruction> Of(MethodBody body)
    {
        BranchTargets all = new(body);
        return all.order.Count == 1 ? [] : [.. all.order.Where(block => block.Tells).Select(block => block.First)];
    }

    /// <summary>All places where control arrives other than from the instruction before, and the entry.</summary>
    private static IEnumerable<Instruction> LeadersOf(MethodBody body)
    {
        yield return body.Instructions[0];
        foreach (Instruction instruction in body.Instructions)
        {
            foreach (Instruction target in JumpsOf(instruction))
            {
                yield return target;
            }
        }

        foreach (ExceptionHandler handler in body.ExceptionHandlers)
        {
            yield return handler.HandlerStart;
            if (handler.FilterStart is not null)
            {
                yield return handler.FilterStart;
            }
        }
    }

    /// <summary>Where an instruction may send control; the next one, too, when it is a choice.</summary>
    private static Instruction[] JumpsOf(Instruction instruction)
    {
        Instruction[] targets = instruction.Operand switch
        {
            Instruction target => [target],
            Instruction[] cases => cases,
            _ => [],
        };
        if (targets.Length == 0 || CacheBranch.Is(instruction))
        {
            return [];
        }

        return instruction.OpCode.FlowControl == FlowControl.Cond_Branch
            ? [.. targets.Append(instruction.Next).Distinct()]
            : targets;
    }

    private static bool IsAwait(Instruction instruction) => instruction.Operand is FieldReference field
        && (field.Name.StartsWith("<>u__", StringComparison.Ordinal)
            || (field.Name == "<>1__state" && instruction.OpCode == OpCodes.Ldfld));

    /// <summary>Connects two blocks that follow each other, if control gets there without a jump.</summary>
    private static void Connect(Block before, Block after, Instruction? last)
    {
        bool falls = last is not null && before != after
            && last.OpCode.FlowControl is FlowControl.Next or FlowControl.Call or FlowControl.Meta;
        if (falls)
        {
            Connect(before, after);
        }
    }

    private static void Connect(Block before, Block after)
    {
        before.After.Add(after);
        after.Before.Add(before);
        after.Arrivals++;
    }

    private sealed class Block(Instruction first)
    {
        public Instruction First { get; } = first;

        public List<Block> Before { get; } = [];

        public List<Block> After { get; } = [];

        /// <summary>Ways that lead here, callers and thrown exceptions included.</summary>
        public int Arrivals { get; set; }

        /// <summary>Whether it belongs to how the compiler suspends and resumes.</summary>
        public bool IsAwait { get; set; }

        public bool Tells => !IsAwait && !IsToldByNext && !IsToldByPrevious;

        private bool IsToldByNext => After.Count > 1 && After.TrueForAll(next => next.Arrivals == 1 && !next.IsAwait);

        private bool IsToldByPrevious => Arrivals > 1 && Arrivals == Before.Count
            && Before.TrueForAll(previous => previous.After.Count == 1 && !previous.IsAwait);
    }
}
