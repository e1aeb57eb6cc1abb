using System.Reflection;
using System.Runtime.Loader;

namespace Tests.Mutation;

/// <summary>Everything of this project once more, bound to the mutated engine instead of the plain one.</summary>
internal sealed class MutatedContext(string folder) : AssemblyLoadContext("mutated")
{
    /// <summary>The command that a worker process is started with.</summary>
    public const string WorkCommand = "work";

    /// <summary>Works in the mutated world until there is no more to do.</summary>
    public static void Work(string folder, int executions, int rerunMax, string? recording) =>
        new MutatedContext(folder).LoadFromAssemblyName(typeof(Worker).Assembly.GetName())
            .GetType(typeof(Worker).FullName!)!
            .GetMethod(nameof(Worker.Work))!
            .Invoke(null, [folder, executions, rerunMax, recording]);

    /// <summary>Prints which lines of the mutated engine a real kernel has judged.</summary>
    public static void PrintReach(string folder, string recording, int programs) =>
        new MutatedContext(folder).LoadFromAssemblyName(typeof(Reach).Assembly.GetName())
            .GetType(typeof(Reach).FullName!)!
            .GetMethod(nameof(Reach.Print))!
            .Invoke(null, [folder, recording, programs]);

    /// <inheritdoc />
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        if (assemblyName.Name == "Mm")
        {
            using Stream mutated = MutantSwitch.Fit(Path.Combine(folder, "Mm.dll"));
            return LoadFromStream(mutated);
        }

        string own = Path.Combine(AppContext.BaseDirectory, $"{assemblyName.Name}.dll");
        return File.Exists(own) ? LoadFromAssemblyPath(own) : null;
    }
}
