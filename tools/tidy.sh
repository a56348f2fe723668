#!/usr/bin/env bash
# clang-tidy, with a finished build's compile commands, on the sources that changed since a commit.
# usage: tools/tidy.sh BUILD_DIRECTORY [BASE]
# BASE: by default the newest commit that is at least a day old, so that a gate sees all of a day's work.
set -uo pipefail
cd "$(dirname "$0")/.."
build=${1:?usage: tools/tidy.sh BUILD_DIRECTORY [BASE]}
newest=$(git log -1 --format=%ct)
base=${2:-$(git rev-list -1 --before="@$((newest - 86400))" HEAD)}
most=${ADBMS_TIDY_FILES:-30}
# What the build does not compile (the C++ client is a project of its own) has no commands.
compiled() { grep -qF "/$1\"" "$build/compile_commands.json"; }
# A quarter of a minute of a core each: the most recently changed ones count when there are too many.
mapfile -t changed < <(git log --format= --name-only --diff-filter=AM "${base:-HEAD}".. -- '*.cc' |
  awk 'NF && !seen[$0]++' | while read -r file; do [ -f "$file" ] && compiled "$file" && echo "$file"; done)
mapfile -t -O "${#changed[@]}" changed < <(git diff --name-only --diff-filter=AM HEAD -- '*.cc')
if [ "${#changed[@]}" -eq 0 ]; then
  echo 'tidy: nothing has changed'
  exit 0
fi
left_out=$((${#changed[@]} > most ? ${#changed[@]} - most : 0))
echo "tidy: $((${#changed[@]} - left_out)) files changed since ${base:0:8}, $left_out older ones left out"
problems=$(printf '%s\n' "${changed[@]:0:most}" |
  xargs -P "$(nproc)" -n 4 clang-tidy -p "$build" --quiet 2> /dev/null | grep -E '(error|warning):' | sort -u)
errors=$(grep -c 'error:' <<< "$problems")
[ -n "$problems" ] && echo "$problems" | head -40
echo "tidy: $errors errors"
[ "$errors" -eq 0 ]
