/* 'mapcount reset' (tests/Bench/README.md): LANES lanes, ROUNDS rounds of a fault and a zap. */
byte locked, anon, inflight, entries;
short mapcount = -1;

active [LANES] proctype lane()
{
    byte round, saw, had;
    do
    :: round < ROUNDS ->
        atomic { locked == 0 -> locked = 1; inflight++ }
        saw = anon;
        anon = 1;
        d_step { had = saw; saw = 0; mapcount = (had -> mapcount + 1 : 0); had = 0; entries++ }
        atomic { locked = 0; inflight--; assert(inflight != 0 || mapcount + 1 == entries) }
        inflight++;
        entries--;
        d_step { mapcount--; inflight--; round++; assert(inflight != 0 || mapcount + 1 == entries) }
    :: round == ROUNDS -> break
    od
}
