using Fuzz.Schedules;
using Interleave;
using Tests.Toys;
using Xunit;

namespace Tests.Interleaving;

public class LockTests
{
    private static readonly PointTable Points = new();
    private static readonly Point Take = Points.Add("Take", "toy", Access.Acquire);
    private static readonly Point Touch = Points.Add("Touch", "toy", Access.Write);
    private static readonly Point Wait = Points.Add("Wait", "toy", Access.Read);
    private static readonly Word X = new(7, "x");
    private readonly KernelSpinlock spinlock = new(1, 1, "lock");
    private readonly Rwsem sem = new(2, 2, "sem");
    private int inside;
    private int insideMost;

    [Fact]
    public void A_spinlock_lets_one_lane_in_under_every_schedule()
    {
        LaneRunner lanes = new(Points, Reset, Locked, Locked, Locked);
        Assert.IsType<Complete>(Explore(lanes));
        Assert.Equal(1, insideMost);
    }

    [Fact]
    public void A_trylock_fails_exactly_while_somebody_holds_the_lock()
    {
        HashSet<bool> answers = [];
        LaneRunner lanes = new(
            Points, Reset, Locked, async cpu =>
            {
                await cpu.At(Wait, spinlock);
                bool free = spinlock.Holder is null;
                bool taken = spinlock.TryTake(cpu);
                Assert.Equal((free, free), (taken, cpu.Holds(spinlock)));
                answers.Add(taken);
                if (taken)
                {
                    await Work(cpu);
                    spinlock.Release(cpu);
                }
            });
        Assert.IsType<Complete>(Explore(lanes));
        Assert.Equal(2, answers.Count);
        Assert.Equal(1, insideMost);
    }

    [Fact]
    public void A_lane_may_wait_for_a_free_lock_without_taking_it()
    {
        LaneRunner lanes = new(
            Points, Reset, Locked, async cpu =>
            {
                await cpu.At(Wait, spinlock, until: spinlock);
                Assert.Null(spinlock.Holder);
                Assert.True(cpu.Held.IsEmpty);
            });
        Assert.IsType<Complete>(Explore(lanes));
    }

    [Fact]
    public void A_lane_may_hold_any_number_of_locks()
    {
        const int Many = 100;
        KernelSpinlock[] locks =
            [.. Enumerable.Range(0, Many).Select(id => new KernelSpinlock(0, (ushort)(id + 10), "lock"))];
        LaneRunner lanes = new(
            Points, () => Array.ForEach(locks, each => each.Reset()), async cpu =>
            {
                foreach (KernelSpinlock each in locks)
                {
                    await each.Acquire(cpu, Take);
                }

                Assert.All(locks, each => Assert.True(cpu.Holds(each)));
                Array.ForEach(locks, each => each.Release(cpu));
                Assert.All(locks, each => Assert.False(cpu.Holds(each)));
            });
        Assert.IsType<Complete>(Explore(lanes));
    }

    [Fact]
    public void Many_readers_or_one_writer_are_inside_a_semaphore()
    {
        int readersMost = 0;
        async Flow Read(Cpu cpu)
        {
            await sem.AcquireRead(cpu, Take);
            Assert.Null(sem.Writer);
            readersMost = Math.Max(readersMost, ++inside);
            await cpu.At(Touch, X);
            inside--;
            sem.ReleaseRead(cpu);
        }

        async Flow Write(Cpu cpu)
        {
            await sem.AcquireWrite(cpu, Take);
            Assert.Equal(0, inside);
            await cpu.At(Touch, X);
            Assert.Equal((0, cpu), (inside, sem.Writer));
            sem.ReleaseWrite(cpu);
        }

        LaneRunner lanes = new(Points, Reset, Read, Write, Read);
        Assert.IsType<Complete>(Explore(lanes));
        Assert.Equal(2, readersMost);
        Assert.False(sem.IsLocked);
    }

    [Fact]
    public void Who_gives_back_what_he_does_not_hold_ends_the_execution()
    {
        Rcu rcu = new(new Machine(Points));
        Action<Cpu>[] misuses =
        [
            spinlock.Release, sem.ReleaseRead, sem.ReleaseWrite, sem.Downgrade, rcu.ReadUnlock,
        ];
        foreach (Action<Cpu> misuse in misuses)
        {
            LaneRunner lanes = new(
                Points, Reset, async cpu =>
                {
                    await cpu.At(Touch, X);
                    misuse(cpu);
                });
            Assert.Equal(Ending.Fault, lanes.Run(new FixedOrder()));
            Assert.IsType<SynchronizationLockException>(lanes.Machine.Error);
        }
    }

    [Fact]
    public void A_downgraded_writer_lets_readers_in_and_keeps_writers_out()
    {
        bool together = false;
        bool downgraded = false;
        LaneRunner lanes = new(
            Points, Reset, async cpu =>
            {
                await sem.AcquireWrite(cpu, Take);
                await cpu.At(Touch, X);
                Assert.Equal(0, inside);
                sem.Downgrade(cpu);
                downgraded = true;
                await cpu.At(Touch, X);
                together |= inside == 1;
                downgraded = false;
                sem.ReleaseRead(cpu);
            },
            async cpu =>
            {
                await sem.AcquireRead(cpu, Take);
                inside++;
                await cpu.At(Touch, X);
                inside--;
                sem.ReleaseRead(cpu);
            },
            async cpu =>
            {
                await sem.AcquireWrite(cpu, Take);
                Assert.Equal((0, false), (inside, downgraded));
                sem.ReleaseWrite(cpu);
            });
        Assert.IsType<Complete>(Explore(lanes));
        Assert.True(together);
    }

    [Fact]
    public void A_semaphore_trylock_for_reading_fails_only_on_a_writer()
    {
        HashSet<(bool Written, bool Taken)> seen = [];
        LaneRunner lanes = new(
            Points, Reset, async cpu =>
            {
                await sem.AcquireWrite(cpu, Take);
                await cpu.At(Touch, X);
                sem.Downgrade(cpu);
                await cpu.At(Touch, X);
                sem.ReleaseRead(cpu);
            },
            async cpu =>
            {
                await cpu.At(Wait, sem);
                bool written = sem.Writer is not null;
                bool taken = sem.TryTakeRead(cpu);
                seen.Add((written, taken));
                if (taken)
                {
                    sem.ReleaseRead(cpu);
                }
            });
        Assert.IsType<Complete>(Explore(lanes));
        Assert.Equal([(false, true), (true, false)], seen.Order());
    }

    [Fact]
    public void A_grace_period_waits_for_earlier_readers_and_for_no_later_ones()
    {
        Machine? machine = null;
        Rcu? rcu = null;
        bool overWhileLaterReads = false;
        HashSet<int> earlier = [];
        async Flow Read(Cpu cpu)
        {
            await cpu.At(Touch, X);
            rcu!.ReadLock(cpu);
            rcu.ReadLock(cpu);
            await cpu.At(Touch, X);
            rcu.ReadUnlock(cpu);
            await cpu.At(Touch, X);
            rcu.ReadUnlock(cpu);
            earlier.Remove(cpu.Index);
        }

        async Flow Update(Cpu cpu)
        {
            await cpu.At(Touch, X);
            GracePeriod period = new(rcu!, rcu!.Stamp());
            foreach (Cpu other in machine!.Cpus)
            {
                if (other.RcuDepth > 0)
                {
                    earlier.Add(other.Index);
                }
            }

            await cpu.At(Wait, X, period);
            Assert.Empty(earlier);
            foreach (Cpu other in machine.Cpus)
            {
                overWhileLaterReads |= other.RcuDepth > 0;
            }
        }

        LaneRunner lanes = new(
            Points, () => { rcu!.Reset(); earlier.Clear(); }, Read, Update, Read);
        machine = lanes.Machine;
        rcu = new Rcu(machine);
        Assert.IsType<Complete>(Explore(lanes));
        Assert.True(overWhileLaterReads);
    }

    private static SearchResult Explore(LaneRunner lanes) => ExhaustiveSearch.Within(
        search =>
        {
            Ending ending = lanes.Run(search);
            Assert.True(ending == Ending.Completed, $"{ending}: {lanes.Machine.Error}");
            return true;
        },
        ExhaustiveSearch.Unbounded, 100_000);

    private async Flow Locked(Cpu cpu)
    {
        await spinlock.Acquire(cpu, Take);
        Assert.Equal(cpu, spinlock.Holder);
        await Work(cpu);
        spinlock.Release(cpu);
    }

    private async Flow Work(Cpu cpu)
    {
        insideMost = Math.Max(insideMost, ++inside);
        await cpu.At(Touch, X);
        inside--;
    }

    private void Reset()
    {
        spinlock.Reset();
        sem.Reset();
        inside = 0;
    }

    private sealed class GracePeriod(Rcu rcu, long since) : IWaitable
    {
        public bool IsReady(Cpu cpu) => rcu.GracePeriodOver(since);

        public void Blockers(Cpu cpu, ICollection<Cpu> into)
        {
        }
    }
}
