namespace Tests.Woven;

/// <summary>Every kind of control flow once; what the tests of the weaver weave.</summary>
public static class Samples
{
    /// <summary>What all samples say of a number.</summary>
    public static string All(int n) => string.Join(
        ' ', Branch(n), Loop(n), Cases(n), Caught(n), Filtered(n), Pattern(n), Generic(n), Iterated(n),
        Awaited(n).GetAwaiter().GetResult(), Nested(n), Far(n), Delegated(n));

    public static string Branch(int n) => n > 3 ? "more" : "less";

    public static int Loop(int n)
    {
        int sum = 0;
        for (int i = 0; i < n; i++)
        {
            sum += i % 2 == 0 ? i : -1;
        }

        return sum;
    }

    public static string Cases(int n)
    {
        switch (n)
        {
            case 0: return "nought";
            case 1: return "one";
            case 2: return "two";
            case 3: goto case 0;
            case 4: return "four";
            default: return "many";
        }
    }

    public static int Caught(int n)
    {
        int before = n;
        try
        {
            n = 12 / n;
        }
        catch (DivideByZeroException)
        {
            n = -1;
        }
        finally
        {
            before++;
        }

        return n + before;
    }

    public static string Filtered(int n)
    {
        try
        {
            throw new InvalidOperationException(n % 2 == 0 ? "even" : "odd");
        }
        catch (InvalidOperationException error) when (error.Message == "even" && n > 0)
        {
            return "caught by the filter";
        }
        catch (InvalidOperationException error)
        {
            return error.Message;
        }
    }

    public static string Pattern(object n) => n switch
    {
        int and < 2 => "small",
        int and > 5 and var big => $"big {big}",
        _ => "middling",
    };

    public static string Generic<T>(T n)
        where T : IComparable<T> => n.CompareTo(default) > 0 ? $"above {default(T)}" : "not above";

    public static int Iterated(int n) => Odd(n).Sum();

    public static async Task<int> Awaited(int n)
    {
        int sum = 0;
        while (n-- > 0)
        {
            try
            {
                await Task.Yield();
                sum += await Task.FromResult(n);
            }
            finally
            {
                sum++;
            }
        }

        return sum;
    }

    public static int Nested(int n)
    {
        for (int i = 0; ; i++)
        {
            try
            {
                try
                {
                    if (i == n)
                    {
                        return i;
                    }
                }
                finally
                {
                    n -= i;
                }

                if (n < 0)
                {
                    break;
                }
            }
            catch (InvalidOperationException)
            {
                continue;
            }
        }

        return -n;
    }

    /// <summary>Branches that are short until they are woven.</summary>
    public static int Far(int n)
    {
        int bits = 0;
        while (n > 0)
        {
            bits += (n & 1) == 0 ? 0 : 1;
            bits += (n & 2) == 0 ? 0 : 1;
            bits += (n & 4) == 0 ? 0 : 1;
            bits += (n & 8) == 0 ? 0 : 1;
            n >>= 4;
        }

        return bits;
    }

    public static int Delegated(int n) => Apply(x => x > 1 ? x : 1, n);

    /// <summary>Throws, from a line of its own.</summary>
    public static string Fail(int n)
    {
        if (n > 0)
        {
            throw new InvalidOperationException();
        }

        return "";
    }

    private static int Apply(Func<int, int> function, int n) => function(n);

    private static IEnumerable<int> Odd(int n)
    {
        for (int i = 0; i < n; i++)
        {
            if (i % 2 == 1)
            {
                yield return i;
            }
        }
    }
}
