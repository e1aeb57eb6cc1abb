using Mono.Cecil;
using Mono.Cecil.Cil;
using SharpFuzz.Common;

namespace SharpFuzz;

/// <summary>What is woven in at a branch target. Leaves the evaluation stack as it finds it.</summary>
internal sealed class BranchCode
{
    private readonly FieldReference sharedMem;
    private readonly FieldReference prevLocation;
    private readonly MethodReference? notify;

    /// <summary>The code for one module.</summary>
    public BranchCode(ModuleDefinition module, bool notifies)
    {
        System.Reflection.AssemblyName common = typeof(Trace).Assembly.GetName();
        AssemblyNameReference scope = new(common.Name, common.Version);
        module.AssemblyReferences.Add(scope);
        TypeReference trace = new(typeof(Trace).Namespace, nameof(Trace), module, scope);
        sharedMem = new FieldReference(nameof(Trace.SharedMem), new PointerType(module.TypeSystem.Byte), trace);
        prevLocation = new FieldReference(nameof(Trace.PrevLocation), module.TypeSystem.Int32, trace);
        if (notifies)
        {
            notify = new MethodReference(nameof(Trace.Notify), module.TypeSystem.Void, trace)
            {
                Parameters = { new(module.TypeSystem.Int32), new(module.TypeSystem.String) },
            };
        }
    }

    /// <summary><c>SharedMem[id ^ PrevLocation]++; PrevLocation = id &gt;&gt; 1;</c></summary>
    public IEnumerable<Instruction> For(int id, string method)
    {
        yield return Instruction.Create(OpCodes.Ldsfld, prevLocation);
        yield return Instruction.Create(OpCodes.Ldc_I4, id);
        yield return Instruction.Create(OpCodes.Xor);
        yield return Instruction.Create(OpCodes.Ldsfld, sharedMem);
        yield return Instruction.Create(OpCodes.Add);
        yield return Instruction.Create(OpCodes.Dup);
        yield return Instruction.Create(OpCodes.Ldind_U1);
        yield return Instruction.Create(OpCodes.Ldc_I4_1);
        yield return Instruction.Create(OpCodes.Add);
        yield return Instruction.Create(OpCodes.Stind_I1);
        yield return Instruction.Create(OpCodes.Ldc_I4, id >> 1);
        yield return Instruction.Create(OpCodes.Stsfld, prevLocation);
        if (notify is not null)
        {
            yield return Instruction.Create(OpCodes.Ldc_I4, id);
            yield return Instruction.Create(OpCodes.Ldstr, method);
            yield return Instruction.Create(OpCodes.Call, notify);
        }
    }
}
