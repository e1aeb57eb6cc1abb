#!/usr/bin/env bash
# Runs libFuzzer in a campaign's folder, again after each crash; what our workers and others find it reads when it starts.
set -uo pipefail
usage="usage: libfuzzer.sh DIR NAME [--variant NAMES] [--kernel NAME] [-- options of libFuzzer]"
crashed=77
# shellcheck source=src/Fuzz.Target/common.sh
. "${BASH_SOURCE[0]%/*}/common.sh"

if [ $# -lt 2 ]; then
  fail "$usage"
fi

directory=$1 name=$2
shift 2
split_options "$@"
driver=${LIBFUZZER_DOTNET:-libfuzzer-dotnet}
need "$driver" "build libfuzzer-dotnet.cc of github.com/Metalnem/libfuzzer-dotnet with clang++ -fsanitize=fuzzer, \
and put it on the PATH or its path into LIBFUZZER_DOTNET"
prepare "$directory"
mkdir -p "$campaign/$name/queue" "$campaign/$name/crashes" || exit 2

# The driver passes one argument on only, the program; so options go by the environment.
export FUZZ_TARGET_OPTIONS="${target_options[*]}"
status=$crashed
while [ "$status" -eq "$crashed" ]; do
  "$driver" --target_path=dotnet --target_arg="$target" -dict="$dictionary" -max_len="$length_max" -timeout=60 \
    -artifact_prefix="$campaign/$name/crashes/" "${fuzzer_options[@]}" "$campaign/$name/queue" "$campaign"/*/queue
  status=$?
done
exit "$status"
