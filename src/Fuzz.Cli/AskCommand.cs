using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Fuzz.Campaign;
using Fuzz.Questions;
using Fuzz.Reporting;
using Generators;

namespace Fuzz.Cli;

/// <summary><c>fuzz ask QUESTION</c>: a question of the mails, answered by search as a table.</summary>
internal static class AskCommand
{
    public static Command Build(Screen screen, CancellationToken cancel)
    {
        AskBudget usual = new();
        Argument<string> name = new("QUESTION")
        {
            Description = $"One of: {string.Join(", ", Question.All.Select(question => question.Name))}.",
        };
        Option<long?> enumerated = Inputs.Number(
            "--budget", $"Most executions of the enumeration of each program ({usual.Enumerated} unless said).", 0);
        Option<long?> sampled = Inputs.Number(
            "--samples", $"Executions of random programs for each cell ({usual.Sampled} unless said).", 0);
        Option<string?> seed = Inputs.SeedOption();
        Option<bool> update = new("--update")
        {
            Description = $"Writes {AnswerSheet.Folder}/QUESTION.md and a reproducer for each broken cell.",
        };
        Option<bool> json = Inputs.JsonOption();
        Command command = new("ask", "Answers a question by search. Exits with 1 when any cell is broken.")
        {
            name, enumerated, sampled, seed, update, json,
        };
        command.SetAction(result =>
        {
            string[] known = Question.All.Select(question => question.Name).ToArray();
            string asked = Inputs.Known(result.GetRequiredValue(name), "question", known);
            AskBudget budget = new(
                result.GetValue(enumerated) ?? usual.Enumerated, result.GetValue(sampled) ?? usual.Sampled,
                Inputs.Seed(result.GetValue(seed), usual.Seed));
            return Run(
                Question.All.First(question => question.Name == asked), budget, result.GetValue(update),
                result.GetValue(json), screen, cancel);
        });
        return command;
    }

    private static int Run(
        Question question, AskBudget budget, bool update, bool json, Screen screen, CancellationToken cancel)
    {
        Stopwatch watch = Stopwatch.StartNew();
        Asker asker = new(question, () => new ProgramSource(), budget);
        List<Answer> answers = [];
        foreach (Cell cell in question.Cells)
        {
            double seconds = watch.Elapsed.TotalSeconds;
            screen.Live(
                $"{seconds,6:0.0} s  {answers.Count} of {question.Cells.Count}: {cell.Row} x {cell.Column}", seconds);
            answers.Add(asker.Ask(cell, cancel));
        }

        string sheet = AnswerSheet.Print(
            question, answers,
            $"fuzz ask {question.Name} --budget {budget.Enumerated} --samples {budget.Sampled} "
            + $"--seed {budget.Seed} --update");
        if (update)
        {
            Store(question, answers, sheet, screen);
        }

        if (json)
        {
            screen.Line(JsonReport.Line(ToJson(question, answers)));
        }
        else
        {
            screen.Text(sheet);
        }

        return answers.Exists(answer => !answer.Safe) ? App.Found : App.NothingFound;
    }

    private static void Store(Question question, List<Answer> answers, string sheet, Screen screen)
    {
        CorpusStore store = new($"{AnswerSheet.Folder}/{question.Name}");
        foreach (Answer answer in answers)
        {
            if (answer.Broken is { } broken)
            {
                store.Add(answer.Cell.Slug, broken);
            }
        }

        string page = $"{AnswerSheet.Folder}/{question.Name}{AnswerSheet.Suffix}";
        CorpusStore.WriteWhole(page, sheet);
        screen.Note($"{page} written");
    }

    private static JsonObject ToJson(Question question, List<Answer> answers) => new()
    {
        ["question"] = question.Name,
        ["cells"] = new JsonArray(answers.Select(answer => (JsonNode)new JsonObject
        {
            ["row"] = answer.Cell.Row,
            ["column"] = answer.Cell.Column,
            ["variants"] = new JsonArray(answer.Cell.Variants.Select(variant => (JsonNode)variant).ToArray()),
            ["safe"] = answer.Safe,
            ["basis"] = answer.Basis,
            ["said"] = answer.Cell.Said.ToString().ToLowerInvariant(),
            ["agrees"] = answer.Agrees,
            ["reproducer"] = answer.Broken?.Print(),
        }).ToArray()),
    };
}
