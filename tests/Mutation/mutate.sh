#!/bin/sh
# Has Stryker mutate the engine and keeps what it made: mutate.sh STRYKER FOLDER
set -eu
stryker=$1
mkdir -p "$2"
folder=$(cd "$2" && pwd)
cd "$(dirname "$0")/.."
built=bin/Release/net10.0/Mm.dll
"$stryker" -f Mutation/stryker-config.json -O "$folder/stryker" &

# The mutated assembly is there only while Stryker tests it; afterwards the plain one is put back.
while kill -0 $! 2>/dev/null; do
    if [ -f "$built" ] && [ -f "$built.stryker-unchanged" ] && ! cmp -s "$built" "$built.stryker-unchanged"; then
        cp "$built" "$folder/Mm.dll"
    fi
    sleep 1
done
wait $!
cp "$folder/stryker/reports/mutation-report.json" "$folder"
