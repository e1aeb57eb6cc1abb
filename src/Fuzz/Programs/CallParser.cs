namespace Fuzz.Programs;

/// <summary>Reads the calls of one program.</summary>
internal sealed class CallParser(Language language, int[] shape, Sections sections)
{
    /// <summary>The calls of the setup or of one lane.</summary>
    /// <exception cref="InputException">Unknown, malformed, out of range or too many.</exception>
    public Call[] Parse(Section section)
    {
        List<Call> calls = [];
        foreach (Word[] words in section.Statements())
        {
            if (calls.Count == language.CallsMax)
            {
                throw sections.Error(
                    words[0], $"'{section.Name.Text}' has too many calls", $"at most {language.CallsMax}");
            }

            calls.Add(Parse(words));
        }

        return calls.ToArray();
    }

    private Call Parse(Word[] words)
    {
        CallInfo info = language.Find(words[0].Text)
            ?? throw sections.Unknown(words[0], "call", language.Calls.Select(c => c.Name).ToArray());
        Call call = new(info.Kind);
        for (int i = 0; i < info.Parameters.Length; i++)
        {
            Parameter parameter = info.Parameters[i];
            if (i + 1 == words.Length)
            {
                throw sections.Error(
                    words[i].After, $"'{info.Name}' without its {parameter.Name}", Describe(parameter));
            }

            call = call.With(i, ParseArgument(parameter, words[i + 1]));
        }

        if (words.Length > info.Parameters.Length + 1)
        {
            Word extra = words[info.Parameters.Length + 1];
            string takes = info.Parameters.Length == 0
                ? "no arguments"
                : string.Join(", ", info.Parameters.Select(p => p.Name));
            throw sections.Error(
                extra, $"{InputException.Quote(extra.Text)} is too much",
                $"the end of the call: '{info.Name}' takes {takes}");
        }

        return call;
    }

    private byte ParseArgument(Parameter parameter, Word word)
    {
        if (!Sections.TryNumber(word.Text, parameter.Prefix, out int value))
        {
            throw sections.Error(
                word, $"{InputException.Quote(word.Text)} is no {parameter.Name}", Describe(parameter));
        }

        (int min, int max) = Range(parameter);
        if (value < min || value > max)
        {
            throw sections.Error(
                word, $"{parameter.Name} {InputException.Quote(word.Text)} is out of range", Describe(parameter));
        }

        return (byte)value;
    }

    private (int Min, int Max) Range(Parameter parameter) =>
        parameter.IsIdentifier ? (0, shape[parameter.Bound] - 1) : (parameter.Min, parameter.Max);

    private string Describe(Parameter parameter)
    {
        (int min, int max) = Range(parameter);
        string range = $"{parameter.Prefix}{min}..{parameter.Prefix}{max}";
        return parameter.IsIdentifier
            ? $"a {parameter.Name} {range} (shape: {language.Shape[parameter.Bound].Name} {shape[parameter.Bound]})"
            : $"a {parameter.Name} {range}";
    }
}
