using Mono.Cecil;
using Mono.Cecil.Cil;

namespace SharpFuzz;

/// <summary>
/// Branches that only lead around <c>cache ??= new(...)</c> or the growth of an array: they go the other way once a
/// process, which says nothing of the input, and AFL would call the target unstable.
/// </summary>
internal static class CacheBranch
{
    /// <summary>Whether an instruction is such a branch.</summary>
    public static bool Is(Instruction branch)
    {
        if (branch.OpCode.FlowControl != FlowControl.Cond_Branch || branch.Operand is not Instruction end)
        {
            return false;
        }

        bool ifMissing = branch.OpCode.Code is Code.Brtrue or Code.Brtrue_S;
        bool creates = false;
        bool keeps = false;
        for (Instruction? at = branch.Next; at != end && !(IsJump(at) && at!.Operand == end); at = at.Next)
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
}
