using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Fuzz.Report;

/// <summary>XML as it is put into a file: UTF-8, indented, with its declaration. Characters that XML cannot hold are
/// replaced.</summary>
internal static class XmlFile
{
    private static readonly XmlWriterSettings Settings = new()
    {
        Indent = true,
        NewLineChars = "\n",
        Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
    };

    /// <summary>The text, which ends in a newline.</summary>
    public static string Print(XElement root)
    {
        foreach (XAttribute attribute in root.DescendantsAndSelf().Attributes())
        {
            attribute.Value = Clean(attribute.Value);
        }

        foreach (XText text in root.DescendantNodes().OfType<XText>())
        {
            text.Value = Clean(text.Value);
        }

        using MemoryStream stream = new();
        using (XmlWriter writer = XmlWriter.Create(stream, Settings))
        {
            new XDocument(root).WriteTo(writer);
        }

        return $"{Encoding.UTF8.GetString(stream.ToArray())}\n";
    }

    private static string Clean(string text) =>
        string.Concat(text.EnumerateRunes().Select(rune => IsXml(rune.Value) ? rune : Rune.ReplacementChar));

    private static bool IsXml(int rune) => rune > char.MaxValue || XmlConvert.IsXmlChar((char)rune);
}
