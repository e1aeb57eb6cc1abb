using System.Diagnostics;
using System.Reflection;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Tests.Mutation;

/// <summary>The switch that Stryker puts into what it mutates: which of all mutants is alive; and which were
/// met.</summary>
/// <remarks>Stryker's own list of those met is searched under a lock at each place, which costs a hundred times what
/// the engine does; here it is one store.</remarks>
internal sealed class MutantSwitch
{
    /// <summary>The number of no mutant.</summary>
    public const int None = -1;

    private const string Control = "MutantControl";
    private const string Active = "ActiveMutant";
    private const string Ask = "IsActive";
    private const string Met = "Met";

    private readonly Action<int> activate;
    private readonly bool[] met;

    /// <summary>The switch of one assembly.</summary>
    public MutantSwitch(Assembly mutated, int mutantsMax)
    {
        Type control = mutated.GetTypes().Single(type => type.Name == Control);
        FieldInfo active = control.GetField(Active)!;
        activate = number => active.SetValue(null, number);
        met = new bool[mutantsMax];
        control.GetField(Met)!.SetValue(null, met);
        Activate(None);
    }

    /// <summary>The assembly with a switch that notes what it is asked for: <c>Met[id] = true; return id ==
    /// ActiveMutant;</c>.</summary>
    public static Stream Fit(string assembly)
    {
        using AssemblyDefinition mutated = AssemblyDefinition.ReadAssembly(assembly);
        ModuleDefinition module = mutated.MainModule;
        TypeDefinition control = module.GetTypes().Single(type => type.Name == Control);
        FieldDefinition list = new(
            Met, Mono.Cecil.FieldAttributes.Public | Mono.Cecil.FieldAttributes.Static,
            new ArrayType(module.TypeSystem.Boolean));
        control.Fields.Add(list);
        MethodDefinition ask = control.Methods.Single(method => method.Name == Ask);
        ask.Body = new Mono.Cecil.Cil.MethodBody(ask);
        ILProcessor text = ask.Body.GetILProcessor();
        text.Emit(OpCodes.Ldsfld, list);
        text.Emit(OpCodes.Ldarg_0);
        text.Emit(OpCodes.Ldc_I4_1);
        text.Emit(OpCodes.Stelem_I1);
        text.Emit(OpCodes.Ldarg_0);
        text.Emit(OpCodes.Ldsfld, control.Fields.Single(field => field.Name == Active));
        text.Emit(OpCodes.Ceq);
        text.Emit(OpCodes.Ret);

        // Stryker compiles for debugging: without this attribute the code is optimised when it is loaded.
        foreach (CustomAttribute debuggable in mutated.CustomAttributes
                     .Where(attribute => attribute.AttributeType.Name == nameof(DebuggableAttribute)).ToArray())
        {
            mutated.CustomAttributes.Remove(debuggable);
        }

        MemoryStream fitted = new();
        mutated.Write(fitted);
        fitted.Position = 0;
        return fitted;
    }

    /// <summary>Makes that mutant the living one.</summary>
    public void Activate(int mutant) => activate(mutant);

    /// <summary>The mutants whose place is run through meanwhile.</summary>
    public IEnumerable<int> MetBy(Action act)
    {
        Array.Clear(met);
        act();
        return Enumerable.Range(0, met.Length).Where(mutant => met[mutant]);
    }
}
