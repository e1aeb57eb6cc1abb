using Fuzz.Execution;
using Fuzz.Programs;
using Mm.State;

namespace Fuzz.Oracles;

/// <summary>A call that runs alone does what its manual page says: to mappings, contents, files and memcgs, and in what
/// it returns.</summary>
/// <remarks>
/// Judged after each call of a setup, from what user space could see before and after it; races are for the other laws.
/// Broken memory ends it: who may still read what, no manual page says.
/// </remarks>
public sealed class AloneOracle : IOracle
{
    private readonly UserView before = new();
    private readonly UserView after = new();
    private bool judges;

    /// <inheritdoc />
    public string Name => "alone";

    /// <summary>Looks at the fresh world.</summary>
    public void Reset(Kernel kernel)
    {
        judges = true;
        before.Take(kernel);
    }

    /// <summary>Judges a call that ran alone.</summary>
    public void Check(Kernel kernel, Call call, bool result, IJudge judge)
    {
        judges &= (MmCall)call.Kind != MmCall.Poison;
        if (!judges)
        {
            return;
        }

        after.Take(kernel);
        bool? promised = ManualPages.Apply(before, after, call);
        if (promised is { } said && said != result)
        {
            judge.Broken(
                this, "a call that ran alone returned what it must not", $"{Text(call)} returned {result}",
                kind: LawKind.Symptom);
        }

        for (int number = 0; number < after.Mms; number++)
        {
            CheckProcess(kernel.Mms[number], call, judge);
            CheckPages(kernel.Mms[number], call, judge);
        }

        CheckRest(call, judge);
        CheckPurpose(kernel, call, result, judge);
        before.CopyFrom(after);
    }

    private static string Text(Call call) =>
        $"{MmLanguage.Instance.Calls[call.Kind].Name}({call.A}, {call.B}, {call.C}, {call.D})";

    private static bool IsSame(PageView expected, PageView seen) =>
        expected.Mapped == seen.Mapped
        && (!seen.Mapped || (expected.File == seen.File && expected.Index == seen.Index
            && expected.Shared == seen.Shared && expected.Writable == seen.Writable
            && expected.DontFork == seen.DontFork && expected.Locked == seen.Locked));

    private void CheckProcess(MmStruct mm, Call call, IJudge judge)
    {
        int users = before.Users[mm.Index];
        if (mm.Users != users || mm.Claimed != mm.Alive || (mm.Alive && mm.Exiting)
            || before.Memcg[mm.Index] != after.Memcg[mm.Index])
        {
            judge.Broken(
                this, "a call that ran alone left the wrong process",
                $"after {Text(call)} {mm} has {mm.Users} users, must have {users}", kind: LawKind.Symptom);
        }
    }

    private void CheckPages(MmStruct mm, Call call, IJudge judge)
    {
        for (int page = 0; page < after.Pages; page++)
        {
            PageView expected = before[mm.Index, page];
            PageView seen = after[mm.Index, page];
            if (!IsSame(expected, seen) || (!seen.Mapped && !mm.Entry(page).IsNone))
            {
                judge.Broken(
                    this, "a call that ran alone left the wrong mappings",
                    $"after {Text(call)} {mm} page {page} is mapped as {seen}, must be {expected}",
                    kind: LawKind.Symptom);
            }
            else if (seen.Mapped && seen.Value != expected.Value
                && !(expected.MayBeFreed && seen.Value == 0) && !(seen.MayBeFreed && expected.Value == 0))
            {
                judge.Broken(
                    this, "a call that ran alone left the wrong content",
                    $"after {Text(call)} {mm} page {page} reads {seen.Value}, must read {expected.Value}",
                    kind: LawKind.Symptom);
            }
        }
    }

    private void CheckRest(Call call, IJudge judge)
    {
        bool same = after.SwapOn == before.SwapOn && after.Online.AsSpan().SequenceEqual(before.Online)
            && after.Size.AsSpan().SequenceEqual(before.Size);
        for (int file = 0; file < FileTable.Max && same; file++)
        {
            for (int index = 0; index < after.FilePages; index++)
            {
                same &= after.Data(file, index) == before.Data(file, index);
            }
        }

        if (!same)
        {
            judge.Broken(
                this, "a call that ran alone left the wrong files, memcgs or swap", $"after {Text(call)}",
                kind: LawKind.Symptom);
        }
    }

    /// <summary>What the call was made for is so when it says that it is.</summary>
    private void CheckPurpose(Kernel kernel, Call call, bool result, IJudge judge)
    {
        bool holds = (MmCall)call.Kind switch
        {
            MmCall.Read => !result || kernel.Mms[call.A].Entry(call.B).Kind is PteKind.Present or PteKind.Zero,
            MmCall.Write or MmCall.WriteZero => !result
                || kernel.Mms[call.A].Entry(call.B) is { IsPresent: true, Writable: true, Dirty: true },
            MmCall.DontNeed => !result || IsEmpty(kernel.Mms[call.A], call),
            MmCall.Collapse => !result || kernel.Mms[call.A].Table(call.B).Pmd.IsHuge,
            MmCall.Swapoff => !result || kernel.Swap.InUse() == 0,
            MmCall.Unmerge => HasNoKsm(kernel, kernel.Mms[call.A], call),
            MmCall.Writeback => kernel.Files[call.A].IsShmem || IsClean(kernel, kernel.Files[call.A]),
            MmCall.Drain => IsDrained(kernel),
            _ => true,
        };
        if (!holds)
        {
            judge.Broken(
                this, "a call that ran alone did not do what it is for", $"after {Text(call)}",
                kind: LawKind.Symptom);
        }
    }

    /// <summary>Nothing of the range is mapped, unless some of it is locked, where madvise stops.</summary>
    private bool IsEmpty(MmStruct mm, Call call)
    {
        bool empty = true;
        bool locked = false;
        for (int page = call.B; page < Math.Min(call.B + call.C, after.Pages); page++)
        {
            empty &= mm.Entry(page).IsNone;
            locked |= after[mm.Index, page].Locked;
        }

        return empty || locked;
    }

    private bool HasNoKsm(Kernel kernel, MmStruct mm, Call call)
    {
        bool none = true;
        for (int page = call.B; page < Math.Min(call.B + call.C, after.Pages); page++)
        {
            Pte pte = mm.Entry(page);
            none &= !pte.IsPresent || !kernel.FolioOf(pte).Ksm;
        }

        return none;
    }

    /// <summary>Neither the page cache nor a shared mapping has anything that the disk has not.</summary>
    private bool IsClean(Kernel kernel, Inode file)
    {
        bool clean = true;
        for (int index = 0; index < after.FilePages; index++)
        {
            clean &= file.FolioAt(index) is not { } folio || !folio.Has(PageFlag.Dirty);
        }

        foreach (Vma vma in file.Mmap)
        {
            for (int page = vma.Start; page < vma.End && vma.Shared; page++)
            {
                Pte pte = vma.Mm.Entry(page);
                clean &= !pte.IsPresent || (!pte.Dirty && !pte.Writable);
            }
        }

        return clean;
    }

    private static bool IsDrained(Kernel kernel)
    {
        Lruvec lruvec = kernel.Lruvec;
        return (lruvec.Batches[0].Folios.Count | lruvec.RotateBatches[0].Folios.Count
            | lruvec.DeactivateBatches[0].Folios.Count | lruvec.LazyfreeBatches[0].Folios.Count
            | lruvec.MlockBatches[0].Folios.Count) == 0;
    }
}
