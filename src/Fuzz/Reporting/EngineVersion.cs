namespace Fuzz.Reporting;

/// <summary>The version of the folio engine that reproducers name.</summary>
public static class EngineVersion
{
    /// <summary>Goes up when points are renamed or removed, so that an old reproducer that drifts can be told
    /// apart.</summary>
    public const string Current = "mm 1";
}
