#!/usr/bin/env bash
# Runs one afl-fuzz instance in a campaign's folder, beside our workers and other instances. Begins anew, or goes on.
set -uo pipefail
usage="usage: afl.sh DIR -M|-S NAME [--variant NAMES] [--kernel NAME] [-- options of afl-fuzz]"
# shellcheck source=src/Fuzz.Target/common.sh
. "${BASH_SOURCE[0]%/*}/common.sh"

if [ $# -lt 3 ] || { [ "$2" != -M ] && [ "$2" != -S ]; }; then
  fail "$usage"
fi

directory=$1 role=$2 name=$3
shift 3
split_options "$@"
need afl-fuzz "install AFL++ (Debian: apt-get install afl++)"
prepare "$directory"

# An instance that is there already goes on; a new one begins with nothing, and imports what the others have.
seeds=-
if [ ! -d "$campaign/$name/queue" ]; then
  seeds=$files/seeds
  { mkdir -p "$seeds" && printf '\0' >"$seeds/nothing"; } || fail "$seeds cannot be written"
fi

# The check looks for instrumentation in the binary, which is dotnet itself. Exceptions, not signals, are our crashes.
export AFL_SKIP_BIN_CHECK=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1
export AFL_TRY_AFFINITY=1 AFL_SKIP_CPUFREQ=1 AFL_FORKSRV_INIT_TMOUT=60000 AFL_IMPORT_FIRST=1
# In this process: what stops the script stops the fuzzer.
exec afl-fuzz "$role" "$name" -i "$seeds" -o "$campaign" -t 10000 -m none -G "$length_max" -x "$dictionary" \
  "${fuzzer_options[@]}" -- dotnet "$target" "${target_options[@]}"
