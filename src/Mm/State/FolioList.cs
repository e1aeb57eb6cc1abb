namespace Mm.State;

/// <summary>A doubly linked list of folios through <c>folio->lru</c>: an LRU list, or a list private to one
/// routine.</summary>
/// <remarks>
/// Each operation is one step here: it runs under the lruvec lock, or on a list that only its owner should see, so that
/// nobody can look between its writes. The checks of lib/list_debug.c (v6.18) are made, and stop the execution as they
/// stop the kernel with CONFIG_BUG_ON_DATA_CORRUPTION.
/// </remarks>
public sealed class FolioList(Kernel kernel, string name, bool isLru)
{
    /// <summary>First folio, or null.</summary>
    public Folio? First { get; private set; }

    /// <summary>Last folio, or null.</summary>
    public Folio? Last { get; private set; }

    /// <summary>Number of folios that were added and not removed.</summary>
    public int Count { get; private set; }

    /// <summary>Whether this is an LRU list rather than a private one.</summary>
    public bool IsLru => isLru;

    /// <summary>list_add: at the head.</summary>
    public void AddHead(Folio folio) => Insert(folio, null, First);

    /// <summary>list_add_tail.</summary>
    public void AddTail(Folio folio) => Insert(folio, Last, null);

    /// <summary>list_add_tail with another folio in place of the head: right before it, on the list that it is
    /// on.</summary>
    public static void AddBefore(Folio folio, Folio next) => next.On?.Insert(folio, next.Previous, next);

    /// <summary>list_del from whichever list the folio's links are part of.</summary>
    public static void Remove(Kernel kernel, Folio folio)
    {
        FolioList? list = folio.On;
        kernel.Touched.Folios.Add(folio.Pfn);
        if (list is null)
        {
            kernel.BugOn(true, "list_del corruption, next is LIST_POISON1", "__list_del_entry_valid_or_report", folio);
            return;
        }

        if (folio.Previous is null)
        {
            list.First = folio.Next;
        }
        else
        {
            folio.Previous.Next = folio.Next;
        }

        if (folio.Next is null)
        {
            list.Last = folio.Previous;
        }
        else
        {
            folio.Next.Previous = folio.Previous;
        }

        folio.Next = null;
        folio.Previous = null;
        folio.On = null;
        list.Count--;
    }

    /// <summary>Forgets all entries, for a new execution.</summary>
    public void Reset()
    {
        First = null;
        Last = null;
        Count = 0;
    }

    /// <inheritdoc />
    public override string ToString() => name;

    private bool MayAdd(Folio folio)
    {
        kernel.Touched.Folios.Add(folio.Pfn);
        if (folio.On is null)
        {
            return true;
        }

        kernel.BugOn(
            true, $"list_add corruption. prev->next should be next (it is on the {folio.On} list)",
            "__list_add_valid_or_report", folio);
        return false;
    }

    private void Insert(Folio folio, Folio? previous, Folio? next)
    {
        if (!MayAdd(folio))
        {
            return;
        }

        folio.Previous = previous;
        folio.Next = next;
        folio.On = this;
        Count++;
        if (previous is null)
        {
            First = folio;
        }
        else
        {
            previous.Next = folio;
        }

        if (next is null)
        {
            Last = folio;
        }
        else
        {
            next.Previous = folio;
        }
    }
}
