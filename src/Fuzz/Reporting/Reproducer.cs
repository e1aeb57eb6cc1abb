using System.Text;
using Fuzz.Execution;
using Fuzz.Programs;
using Fuzz.Schedules;
using Interleave;

namespace Fuzz.Reporting;

/// <summary>A failure that can be kept: program, schedule, and the violation they must give. Stored as text.</summary>
/// <remarks>
/// <code>
/// # What goes wrong, in words.
/// variant   swapin-skips-pin
/// violates  content: wrong word read [do_swap_page]
/// symptom   a write is lost
/// proof     v6.18 passes all 665 schedules
/// minimal   schedule proven: it fails without any preemption; calls proven: none of the 3 programs of fewer
///           of its calls fails
/// blame     first bad 0bcac06f27d7 (v4.15), fixed by 13ddaf26be32 (v6.8)
/// distance  34 steps in the median, at most 120
/// caught    precursor in 4.1 % of executions (20 of 20 seeds), symptom in 0.3 % (12 of 20)
/// engine    mm 1
/// shape     mms 1  pages 1  slots 2  device sync
/// setup     write mm0 p0
/// cpu0      read mm0 p0
/// cpu1      pageout mm0 p0
/// schedule  cpu0 until SwapinLockTable
///           cpu1 until done
///           cpu0 until done
/// </code>
/// Sections may come in any order, each once; <c>violates</c>, <c>schedule</c> and one cpu at least must be there. The
/// comment above the first section is kept, other comments are not.
/// </remarks>
public sealed class Reproducer : IEquatable<Reproducer>
{
    private const string VariantName = "variant";
    private const string ViolatesName = "violates";
    private const string SymptomName = "symptom";
    private const string ProofName = "proof";
    private const string MinimalName = "minimal";
    private const string BlameName = "blame";
    private const string DistanceName = "distance";
    private const string CaughtName = "caught";
    private const string HuntedName = "hunted";
    private const string EngineName = "engine";
    private readonly string remark = "";
    private readonly string? symptom;
    private readonly string? proof;
    private readonly string? minimal;
    private readonly string? blame;
    private readonly string? distance;
    private readonly string? caught;
    private readonly string? hunted;
    private readonly string? engine;

    /// <summary>A reproducer without its optional parts.</summary>
    /// <exception cref="ArgumentException">The signature does not read back from text: it has blanks in a row, a colon
    /// in the oracle's name, or nothing as its law.</exception>
    public Reproducer(Program program, Schedule schedule, Signature violates)
    {
        if (ParseSignature(Sections.Plain(violates.ToString())) != violates)
        {
            throw new ArgumentException($"the signature '{violates}' does not read back from text", nameof(violates));
        }

        Program = program;
        Schedule = schedule;
        Violates = violates;
    }

    /// <summary>What runs.</summary>
    public Program Program { get; }

    /// <summary>In which order it runs.</summary>
    public Schedule Schedule { get; }

    /// <summary>What must be broken then.</summary>
    public Signature Violates { get; }

    /// <summary>Names of the variants it runs on; none for plain v6.18.</summary>
    public IReadOnlyList<string> Variants { get; init; } = [];

    /// <summary>The comment above everything else; may have several lines.</summary>
    public string Remark
    {
        get => remark;
        init => remark = string.Join('\n', value.Split('\n').Select(line => line.TrimEnd()));
    }

    /// <summary>What a user would see, or null; blanks in a row and words that begin with <c>#</c> are smoothed
    /// out.</summary>
    public string? Symptom
    {
        get => symptom;
        init => symptom = PlainOrNull(value);
    }

    /// <summary>What has been proven by enumeration, or null; smoothed as <see cref="Symptom"/>.</summary>
    public string? Proof
    {
        get => proof;
        init => proof = PlainOrNull(value);
    }

    /// <summary>Whether no schedule with fewer preemptions and no program of fewer calls fails; smoothed as
    /// <see cref="Symptom"/>.</summary>
    public string? Minimal
    {
        get => minimal;
        init => minimal = PlainOrNull(value);
    }

    /// <summary>The commits that it comes from and that put it right, or null; smoothed as
    /// <see cref="Symptom"/>.</summary>
    public string? Blame
    {
        get => blame;
        init => blame = PlainOrNull(value);
    }

    /// <summary>How far the symptom is from the first precursor, or null; smoothed as <see cref="Symptom"/>.</summary>
    public string? Distance
    {
        get => distance;
        init => distance = PlainOrNull(value);
    }

    /// <summary>How often each of the two shows, or null; smoothed as <see cref="Symptom"/>.</summary>
    public string? Caught
    {
        get => caught;
        init => caught = PlainOrNull(value);
    }

    /// <summary>What it took to find it, or null; smoothed as <see cref="Symptom"/>.</summary>
    public string? Hunted
    {
        get => hunted;
        init => hunted = PlainOrNull(value);
    }

    /// <summary>Version of the model in which it was found, or null; smoothed as <see cref="Symptom"/>.</summary>
    public string? Engine
    {
        get => engine;
        init => engine = PlainOrNull(value);
    }

    /// <summary>Reads a reproducer.</summary>
    /// <param name="language">What its program is written in.</param>
    /// <param name="text">The text.</param>
    /// <param name="file">Named in errors.</param>
    /// <param name="points">When given, names of points must be among them.</param>
    /// <param name="variants">When given, names of variants must be among them.</param>
    /// <exception cref="InputException">The text is not a reproducer.</exception>
    public static Reproducer Parse(
        Language language, string text, string file, PointTable? points = null,
        IReadOnlyCollection<string>? variants = null)
    {
        Sections sections = Sections.Read(text, file);
        IReadOnlyList<string> program = ProgramText.SectionNames(language);
        sections.Check(
            [
                VariantName, ViolatesName, SymptomName, ProofName, MinimalName, BlameName, DistanceName, CaughtName,
                HuntedName, EngineName, .. program, ScheduleText.SectionName,
            ]);
        Signature violates = ParseViolates(sections);
        Program parsed = ProgramText.Parse(language, sections);
        if (parsed.Cpus.Length == 0)
        {
            throw sections.Missing("the section 'cpu0'");
        }

        return new Reproducer(parsed, ScheduleText.Parse(sections, points, parsed.Cpus.Length), violates)
        {
            Remark = sections.Remark,
            Variants = ParseVariants(sections, variants),
            Symptom = ParsePlain(sections, SymptomName),
            Proof = ParsePlain(sections, ProofName),
            Minimal = ParsePlain(sections, MinimalName),
            Blame = ParsePlain(sections, BlameName),
            Distance = ParsePlain(sections, DistanceName),
            Caught = ParsePlain(sections, CaughtName),
            Hunted = ParsePlain(sections, HuntedName),
            Engine = ParsePlain(sections, EngineName),
        };
    }

    /// <summary>The canonical text: <c>Parse(Print(r))</c> equals r.</summary>
    public string Print()
    {
        StringBuilder text = new();
        if (Remark.Length > 0)
        {
            foreach (string line in Remark.Split('\n'))
            {
                text.Append(line.Length == 0 ? "#" : $"# {line}").Append('\n');
            }
        }

        void Optional(string name, string? value)
        {
            if (value is not null)
            {
                Sections.PrintWrapped(text, name, value);
            }
        }

        Optional(VariantName, Variants.Count == 0 ? null : string.Join(", ", Variants));
        Optional(ViolatesName, Violates.ToString());
        Optional(SymptomName, Symptom);
        Optional(ProofName, Proof);
        Optional(MinimalName, Minimal);
        Optional(BlameName, Blame);
        Optional(DistanceName, Distance);
        Optional(CaughtName, Caught);
        Optional(HuntedName, Hunted);
        Optional(EngineName, Engine);
        ProgramText.Print(text, Program);
        ScheduleText.Print(text, Schedule);
        return text.ToString();
    }

    /// <inheritdoc />
    public bool Equals(Reproducer? other) =>
        other is not null && Program.Equals(other.Program) && Schedule.Equals(other.Schedule)
        && Violates == other.Violates && Variants.SequenceEqual(other.Variants, StringComparer.Ordinal)
        && (Remark, Symptom, Proof, Engine) == (other.Remark, other.Symptom, other.Proof, other.Engine)
        && Minimal == other.Minimal
        && (Blame, Distance, Caught, Hunted) == (other.Blame, other.Distance, other.Caught, other.Hunted);

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as Reproducer);

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Program, Schedule, Violates);

    private static string? PlainOrNull(string? text) =>
        text is not null && Sections.Plain(text) is { Length: > 0 } plain ? plain : null;

    private static string? ParsePlain(Sections sections, string name)
    {
        Section? section = sections.Find(name);
        return section is null || section.Lines.Count > 0
            ? section?.Text
            : throw sections.Error(section.Name.After, $"'{name}' without text", "words, or no such line at all");
    }

    private static Signature ParseViolates(Sections sections)
    {
        string text = ParsePlain(sections, ViolatesName) ?? throw sections.Missing($"the section '{ViolatesName}'");
        return ParseSignature(text) ?? throw sections.Error(
            sections.Find(ViolatesName)!.Words.First(), $"{InputException.Quote(text)} is no signature",
            "'oracle: law [routine]'");
    }

    private static Signature? ParseSignature(string text)
    {
        int colon = text.IndexOf(": ", StringComparison.Ordinal);
        int bracket = text.LastIndexOf(" [", StringComparison.Ordinal);
        return colon > 0 && bracket > colon + 1 && text.EndsWith(']')
            ? new Signature(text[..colon], text[(colon + 2)..bracket], text[(bracket + 2)..^1])
            : null;
    }

    private static List<string> ParseVariants(Sections sections, IReadOnlyCollection<string>? known)
    {
        List<string> variants = [];
        if (ParsePlain(sections, VariantName) is null)
        {
            return variants;
        }

        foreach (Word word in sections.Find(VariantName)!.Words)
        {
            int column = word.Column;
            foreach (string part in word.Text.Split(','))
            {
                Word name = new(part, word.Line, column);
                column += part.Length + 1;
                if (part.Length == 0)
                {
                    continue;
                }

                if (known is not null && !known.Contains(part, StringComparer.Ordinal))
                {
                    throw sections.Unknown(name, VariantName, known);
                }

                if (variants.Contains(part, StringComparer.Ordinal))
                {
                    throw sections.Error(name, $"variant '{part}' comes twice", "each variant once");
                }

                variants.Add(part);
            }
        }

        return variants;
    }
}
