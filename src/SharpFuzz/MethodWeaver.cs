using Mono.Cecil;
using Mono.Cecil.Cil;
using Mono.Collections.Generic;

namespace SharpFuzz;

/// <summary>Weaves one method: its entry, branch targets, what follows conditional branches, handlers.</summary>
/// <remarks>
/// The first woven instruction takes the place of the target <em>as an object</em>, and a copy of the target follows
/// the woven code. So whatever refers to the target (branches, handlers, sequence points, scopes, the resume points of
/// async methods) means the woven code, without being looked for.
/// </remarks>
internal static class MethodWeaver
{
    /// <summary>Weaves; false when there is nothing to see in the method.</summary>
    public static bool Weave(MethodDefinition method, BranchCode code, EdgeIds ids)
    {
        MethodBody body = method.Body;
        HashSet<Instruction> targets = TargetsOf(body);

        // A method of one block tells only that its caller came by, unless the call could have gone elsewhere; a type
        // initializer runs once a process, and AFL would call the target unstable.
        if ((targets.Count == 1 && !method.IsVirtual) || (method.IsConstructor && method.IsStatic))
        {
            return false;
        }

        foreach (Instruction instruction in body.Instructions)
        {
            instruction.OpCode = Widened(instruction.OpCode);
        }

        int number = 0;
        Instruction[] original = [.. body.Instructions];
        body.Instructions.Clear();
        foreach (Instruction instruction in original)
        {
            body.Instructions.Add(instruction);
            if (targets.Contains(instruction))
            {
                Replace(body.Instructions, instruction, code.For(ids.Next(method.FullName, number++), method.FullName));
            }
        }

        return true;
    }

    private static HashSet<Instruction> TargetsOf(MethodBody body)
    {
        HashSet<Instruction> targets = [body.Instructions[0]];
        foreach (Instruction instruction in body.Instructions)
        {
            if (IsCache(instruction))
            {
                continue;
            }

            switch (instruction.Operand)
            {
                case Instruction target:
                    targets.Add(target);
                    break;
                case Instruction[] cases:
                    targets.UnionWith(cases);
                    break;
                default:
                    continue;
            }

            if (instruction.OpCode.FlowControl == FlowControl.Cond_Branch)
            {
                targets.Add(instruction.Next);
            }
        }

        foreach (ExceptionHandler handler in body.ExceptionHandlers)
        {
            targets.Add(handler.HandlerStart);
            if (handler.FilterStart is not null)
            {
                targets.Add(handler.FilterStart);
            }
        }

        return targets;
    }

    /// <summary>
    /// Whether the branch only leads around <c>cache ??= new(...)</c> or the growth of an array: it goes the other way
    /// once a process, which says nothing of the input, and AFL would call the target unstable.
    /// </summary>
    private static bool IsCache(Instruction branch)
    {
        if (branch.OpCode.FlowControl != FlowControl.Cond_Branch || branch.Operand is not Instruction end)
        {
            return false;
        }

        bool ifMissing = branch.OpCode.Code is Code.Brtrue or Code.Brtrue_S;
        bool creates = false;
        bool keeps = false;
        for (Instruction? at = branch.Next; at != end && !(IsJump(at) && at.Operand == end); at = at.Next)
        {
            if (at is null || at.OpCode.FlowControl is not (FlowControl.Next or FlowControl.Call))
            {
                return false;
            }

            if (at.Operand is MethodReference { Name: nameof(Array.Resize), DeclaringType.FullName: "System.Array" })
            {
                return true;
            }

            creates |= at.OpCode == OpCodes.Newobj;
            keeps |= branch.Previous.OpCode == OpCodes.Dup
                ? at.OpCode.Code is Code.Stfld or Code.Stsfld or Code.Stelem_Ref or Code.Stind_Ref
                : at.OpCode.Code is Code.Stfld or Code.Stsfld && at.Operand == branch.Previous.Operand;
        }

        return ifMissing && creates && keeps;
    }

    private static bool IsJump(Instruction? instruction) => instruction?.OpCode.Code is Code.Br or Code.Br_S;

    /// <summary>Turns the last instruction into the first of the code, and lets the others and itself follow.</summary>
    private static void Replace(
        Collection<Instruction> instructions, Instruction last, IEnumerable<Instruction> code)
    {
        Instruction itself = Instruction.Create(OpCodes.Nop);
        (itself.OpCode, itself.Operand) = (last.OpCode, last.Operand);
        bool first = true;
        foreach (Instruction woven in code)
        {
            if (first)
            {
                (last.OpCode, last.Operand) = (woven.OpCode, woven.Operand);
                first = false;
            }
            else
            {
                instructions.Add(woven);
            }
        }

        instructions.Add(itself);
    }

    /// <summary>The long form of a branch: woven code may lie between it and its target.</summary>
    private static OpCode Widened(OpCode opCode) => opCode.Code switch
    {
        Code.Br_S => OpCodes.Br,
        Code.Brfalse_S => OpCodes.Brfalse,
        Code.Brtrue_S => OpCodes.Brtrue,
        Code.Beq_S => OpCodes.Beq,
        Code.Bge_S => OpCodes.Bge,
        Code.Bgt_S => OpCodes.Bgt,
        Code.Ble_S => OpCodes.Ble,
        Code.Blt_S => OpCodes.Blt,
        Code.Bne_Un_S => OpCodes.Bne_Un,
        Code.Bge_Un_S => OpCodes.Bge_Un,
        Code.Bgt_Un_S => OpCodes.Bgt_Un,
        Code.Ble_Un_S => OpCodes.Ble_Un,
        Code.Blt_Un_S => OpCodes.Blt_Un,
        Code.Leave_S => OpCodes.Leave,
        _ => opCode,
    };
}
