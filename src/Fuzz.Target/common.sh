# shellcheck shell=bash disable=SC2034
# Sourced by afl.sh and libfuzzer.sh: reads DIR, NAME and options, builds the target, readies the campaign's folder.

fail() {
  echo "${0##*/}: $1" >&2
  exit 2
}

# One line that says what is missing.
need() {
  command -v "$1" >/dev/null || fail "$1 is not installed: $2"
}

# What follows "--" goes to the fuzzer, what precedes it to the target.
split_options() {
  target_options=()
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    target_options+=("$1")
    shift
  done
  shift || true
  fuzzer_options=("$@")
}

# Sets: campaign, target (the woven program), length_max, files (a folder that nobody takes for a worker's), dictionary.
prepare() {
  campaign=$1
  need dotnet "the .NET SDK of global.json builds the target"
  root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd) || exit 2
  mkdir -p "$campaign" || fail "$campaign cannot be made"
  campaign=$(cd "$campaign" && pwd) || exit 2
  cd "$root" || exit 2
  # Whoever starts several at once would have them write the same files.
  flock -o "$root/src/Fuzz.Target/common.sh" \
    dotnet build -c Release -v quiet -nologo "-clp:ErrorsOnly;NoSummary" src/Fuzz.Target >&2 ||
    fail "src/Fuzz.Target does not build"
  target=$root/src/Fuzz.Target/bin/Release/net10.0/woven/Fuzz.Target.dll
  length_max=$(dotnet "$target" "${target_options[@]}" --campaign "$campaign") || exit 2
  files=$campaign/.fuzzers
  dictionary=$files/mm.dict
  { mkdir -p "$files" && dotnet "$target" --dictionary >"$dictionary.$$" && mv "$dictionary.$$" "$dictionary"; } ||
    fail "$files cannot be written"
}
