using Mono.Cecil;
using Mono.Cecil.Cil;
using Mono.Collections.Generic;

namespace SharpFuzz;

/// <summary>Weaves one method at its <see cref="BranchTargets"/>.</summary>
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
        HashSet<Instruction> targets = [.. BranchTargets.Of(body)];

        // A virtual method of one block tells that the call went here. A type initializer runs once a process, and AFL
        // would call the target unstable; what starts an async method is followed by the method.
        if (targets.Count == 0 && method.IsVirtual && !IsAsync(method))
        {
            targets.Add(body.Instructions[0]);
        }

        if (targets.Count == 0 || (method.IsConstructor && method.IsStatic))
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

    private static bool IsAsync(MethodDefinition method) => method.CustomAttributes.Any(attribute =>
        attribute.AttributeType.Name == nameof(System.Runtime.CompilerServices.AsyncStateMachineAttribute));

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
