namespace Conformance.Guest;

/// <summary>A kernel that can be booted.</summary>
/// <param name="Release">As it calls itself: <c>6.18.15+deb13-cloud-amd64</c>.</param>
/// <param name="Kernel">The file to boot.</param>
/// <param name="FirstFiles">The archive with the agent and the modules.</param>
/// <param name="Folder">Where what is found out about this kernel can be kept.</param>
public sealed record KernelImage(string Release, string Kernel, string FirstFiles, string Folder);
