namespace Fuzz.Programs;

/// <summary>Which programs of the folio engine do the same.</summary>
/// <remarks>
/// <para>Lanes differ in nothing but their number, which is a part of the values that they store; values are only ever
/// compared for equality. lru_add_drain_all() drains one cpu after the other: programs with calls that need it, perhaps
/// in a variant, are told apart by their lanes.</para>
/// <para>Processes other than mm0, which is there at the start, come by fork and have no order but in swapoff's walk
/// over them. Memcgs below the root have one in the shrinker of the deferred split queues only.</para>
/// <para>Pages are alike while one page table has them all, none can be part of a large folio, and each call is about a
/// single one: fork, exit and whatever has a range go from the lowest to the highest, and a VMA that is split remains
/// the VMA of one part. Files differ in what their blocks hold, which is compared for equality only.</para>
/// <para>The end of the world goes through processes, pages, files and cpus by number, too. It runs alone, after the
/// last law that compares lanes, and what it frees is the same in any order.</para>
/// <para>A thread of a process that no fork can have made finds nobody (AddressSpace.Enter): one step, which touches
/// nothing that anybody else does. What remains is that the cpu drops its translations, as before every call but a load
/// or a store.</para>
/// </remarks>
public sealed class MmSameness : Sameness
{
    /// <inheritdoc />
    public override int FirstAlike(int[] shape, int field) => field switch
    {
        MmLanguage.Mms or MmLanguage.Memcgs => 1,
        MmLanguage.Files => 0,
        MmLanguage.Pages when shape[MmLanguage.Thp] == 0
            && shape[MmLanguage.Pages] <= 1 << shape[MmLanguage.Pmd] => 0,
        _ => int.MaxValue,
    };

    /// <inheritdoc />
    public override bool Walks(Call call, int field) => (MmCall)call.Kind switch
    {
        MmCall.Attach or MmCall.Offline or MmCall.Merge => true,
        MmCall.Swapoff => field is MmLanguage.Mms or MmLanguage.Pages or MmLanguage.Files,
        MmCall.ShrinkThp => field is MmLanguage.Memcgs or MmLanguage.Pages,
        MmCall.Collapse => field is Lanes or MmLanguage.Pages,
        MmCall.Poison or MmCall.SoftOffline => field == Lanes,
        MmCall.DontNeed or MmCall.Free or MmCall.Cold => field == MmLanguage.Pages && call.C > 1,
        MmCall.Read or MmCall.Write or MmCall.WriteZero or MmCall.Readahead or MmCall.Swapon or MmCall.Pageout
            or MmCall.Reclaim or MmCall.Age or MmCall.Migrate or MmCall.Compact or MmCall.Drain or MmCall.Pin
            or MmCall.PinWrite or MmCall.Dma or MmCall.Unpin or MmCall.GetPage or MmCall.PutPage => false,
        _ => field == MmLanguage.Pages,
    };

    /// <inheritdoc />
    public override bool IsRedundant(int[] shape, Call call) => (MmCall)call.Kind switch
    {
        MmCall.Fork => call.A == call.B,
        MmCall.Mremap or MmCall.Move => call.D > Math.Abs(call.C - call.B),
        MmCall.Punch => call.B + call.C > shape[MmLanguage.FilePages],
        MmCall.Truncate => call.B > shape[MmLanguage.FilePages],
        _ => IsRange(call) && call.B + call.C > shape[MmLanguage.Pages],
    };

    /// <inheritdoc />
    public override CallEffect EffectOf(Call[][] lanes, int lane, int index)
    {
        Call call = lanes[lane][index];
        if (!IsOfThread(call) || call.A == 0 || CanBeMade(lanes, lane, index))
        {
            return CallEffect.Some;
        }

        bool forgets = (MmCall)call.Kind is not (MmCall.Read or MmCall.Write)
            && Array.Exists(lanes[lane][..index], Caches);
        return forgets ? CallEffect.Forgets : CallEffect.None;
    }

    private static bool Caches(Call call) => (MmCall)call.Kind is MmCall.Read or MmCall.Write or MmCall.WriteZero;

    /// <summary>Whether it is about so many pages from one on, as far as there are any.</summary>
    private static bool IsRange(Call call) => (MmCall)call.Kind
        is MmCall.DontNeed or MmCall.Munmap or MmCall.Map or MmCall.Unmerge or MmCall.Free or MmCall.Cold
        or MmCall.DontFork or MmCall.DoFork or MmCall.ReadOnly or MmCall.Writable or MmCall.Mlock or MmCall.Munlock;

    /// <summary>Whether it begins by entering the process that it names first.</summary>
    private static bool IsOfThread(Call call) => IsRange(call) || (MmCall)call.Kind
        is MmCall.Read or MmCall.Write or MmCall.WriteZero or MmCall.Readahead or MmCall.Fork or MmCall.Pageout
        or MmCall.Exit or MmCall.Migrate or MmCall.PageoutRange or MmCall.Split or MmCall.Collapse or MmCall.Pin
        or MmCall.PinWrite or MmCall.Mremap or MmCall.Move or MmCall.GetPage or MmCall.Poison or MmCall.SoftOffline
        or MmCall.MapShared or MmCall.MapPrivate;

    /// <summary>Whether a fork into the process of a call can come before the call.</summary>
    private static bool CanBeMade(Call[][] lanes, int lane, int index)
    {
        int mm = lanes[lane][index].A;
        for (int i = 0; i < lanes.Length; i++)
        {
            Call[] earlier = i == lane ? lanes[i][..index] : lanes[i];
            if (Array.Exists(earlier, call => (MmCall)call.Kind == MmCall.Fork && call.B == mm && call.A != mm))
            {
                return true;
            }
        }

        return false;
    }
}
